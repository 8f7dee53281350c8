//! A process that is killed keeps what it acknowledged.
mod support;

use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use store::commit::NoReaction;
use store::{Expect, Store, StoreConfig};
use support::{Database, at, put, run, type_id};

const URL: &str = "BATON_STORE_CHILD";

/// Not a test of its own: the process that [`what_was_acknowledged_survives_a_kill`] kills.
#[test]
fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let config = StoreConfig {
        url,
        connections: 4,
        enforced: None,
        search_seconds: 60,
        wait_seconds: 15,
    };
    let store = Store::open(&config, Arc::new(NoReaction)).expect("the store opens");
    run(async {
        for n in 0.. {
            let value = json!({"resourceType": "Basic", "id": format!("b{n}"), "code": {"text": "x"}});
            store
                .commit(vec![put(value, Expect::Any)], at(0))
                .await
                .expect("stored");
            println!("\nstored {n}");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    for database in Database::each() {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture"])
            .env(URL, database.url())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let acknowledged: Vec<String> = output
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("stored ").map(str::to_string))
            .take(100)
            .collect();
        child.kill().expect("killed");
        child.wait().expect("gone");
        assert_eq!(acknowledged.len(), 100);
        let store = database.open();
        run(async {
            for n in acknowledged {
                let found = store
                    .fetch(type_id("Basic"), format!("b{n}"))
                    .await
                    .expect("read");
                assert!(found.is_some_and(|stored| stored.version == 1), "{n}");
            }
            let fresh = put(
                json!({"resourceType": "Basic", "id": "new", "code": {"text": "x"}}),
                Expect::Fresh,
            );
            store
                .commit(vec![fresh], at(1))
                .await
                .expect("no row key is handed out twice");
        });
        store.close();
    }
}
