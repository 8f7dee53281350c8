//! A fresh store on each engine: SQLite always, PostgreSQL where `BATON_TEST_POSTGRES` names a
//! server in which databases can be made (`tests/with-postgres` starts one).
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::commit::NoReaction;
use store::{Store, StoreConfig};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub fn each_engine<F: Future<Output = ()>>(scene: impl Fn(Store) -> F) {
    let name = format!(
        "baton_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let folder = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&folder).expect("a folder");
    run(&format!("sqlite://{}", file(&folder)), &scene);
    std::fs::remove_dir_all(&folder).expect("removed");
    match std::env::var("BATON_TEST_POSTGRES") {
        Ok(server) => on_postgres(&server, &name, &scene),
        Err(_) => println!("skipped: no PostgreSQL (BATON_TEST_POSTGRES)"),
    }
}

fn file(folder: &std::path::Path) -> String {
    let file: PathBuf = folder.join("baton.db");
    file.display().to_string()
}

fn on_postgres<F: Future<Output = ()>>(server: &str, name: &str, scene: &impl Fn(Store) -> F) {
    let mut admin = PgConnection::establish(server).expect("PostgreSQL answers");
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("created");
    let (base, _) = server.rsplit_once('/').expect("a database in the URL");
    run(&format!("{base}/{name}"), scene);
    admin
        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .expect("dropped");
}

fn run<F: Future<Output = ()>>(url: &str, scene: &impl Fn(Store) -> F) {
    let config = StoreConfig {
        url: url.to_string(),
        connections: 2,
    };
    let store = Store::open(&config, Arc::new(NoReaction)).expect("opens");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(scene(store.clone()));
    store.close();
}
