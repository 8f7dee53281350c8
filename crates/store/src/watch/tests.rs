//! Statements that would never end.
use super::during;
use crate::conn::{Conn, on_each};
use crate::{NoReaction, Store, StoreConfig, StoreError, Tx};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const FOREVER: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n";

/// On either engine, as a search would be.
fn forever(tx: &mut Tx) -> Result<(), StoreError> {
    during(tx, |tx| {
        match &mut *tx.conn {
            Conn::Sqlite(conn) => conn.batch_execute(&format!("{FOREVER} WHERE go_on(x)"))?,
            Conn::Postgres(conn) => conn.batch_execute(FOREVER)?,
        }
        Ok(())
    })
}

fn one(tx: &mut Tx) -> Result<i32, StoreError> {
    let one = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"));
    Ok(on_each!(&mut *tx.conn, |conn| one.get_result(conn)?))
}

fn store(url: String) -> Store {
    let config = StoreConfig {
        url,
        connections: 1,
        enforced: None,
        search_seconds: 1,
        wait_seconds: 15,
    };
    Store::open(&config, Arc::new(NoReaction)).expect("the store opens")
}

async fn searches_end(url: String) {
    let store = store(url);
    for _ in 0..2 {
        match store.read(forever).await {
            Err(StoreError::Rejected { status: 400, issues }) => {
                assert!(
                    issues[0].diagnostics.contains("longer than 1 seconds"),
                    "{issues:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.read(one).await.expect("the connection serves on"), 1);
    }
    // Within a write, too, which is then undone.
    let refused = store.write(forever).await;
    assert!(
        matches!(refused, Err(StoreError::Rejected { status: 400, .. })),
        "{refused:?}"
    );
    assert_eq!(store.write(one).await.expect("the connection serves on"), 1);
    store.close();
}

async fn nobody_waits(url: String) {
    let store = Store::open(
        &StoreConfig {
            url,
            connections: 1,
            enforced: None,
            search_seconds: 100_000,
            wait_seconds: 15,
        },
        Arc::new(NoReaction),
    );
    let store = store.expect("the store opens");
    let gone = tokio::time::timeout(Duration::from_millis(300), store.read(forever));
    assert!(gone.await.is_err());
    // The only thread that reads is free again.
    assert_eq!(store.read(one).await.expect("read"), 1);
    store.close();
}

fn on_both(name: &str, scene: impl AsyncFn(String)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let folder = std::env::temp_dir().join(format!("baton-watch-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    runtime.block_on(scene(format!("sqlite://{}/baton.db", folder.display())));
    std::fs::remove_dir_all(folder).expect("removed");
    let Ok(admin) = std::env::var("BATON_TEST_POSTGRES") else {
        println!("skipped: no PostgreSQL (BATON_TEST_POSTGRES is not set)");
        return;
    };
    let database = format!("baton_watch_{name}_{}", std::process::id());
    let mut conn = PgConnection::establish(&admin).expect("PostgreSQL");
    let mut run = |sql: String| conn.batch_execute(&sql).expect("done");
    run(format!("CREATE DATABASE {database}"));
    let (server, _) = admin.rsplit_once('/').expect("a URL with a database");
    runtime.block_on(scene(format!("{server}/{database}")));
    run(format!("DROP DATABASE {database} WITH (FORCE)"));
}

#[test]
fn a_search_that_takes_too_long_is_refused() {
    on_both("late", searches_end);
}

#[test]
fn a_search_that_nobody_waits_for_ends() {
    on_both("unwanted", nobody_waits);
}
