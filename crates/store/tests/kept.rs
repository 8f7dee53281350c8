//! A read by id sees what was committed before it began, whoever wrote it, however much is kept in memory.
mod support;

use futures_util::future::join;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use store::{Expect, Store, StoreError, Stored, Tx};
use support::{Database, at, delete, each_engine, put, run, type_id};

fn basic(id: &str, text: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": text}})
}

async fn fetched(store: &Store, id: &str) -> Option<Stored> {
    store.fetch(type_id("Basic"), id.into()).await.expect("read")
}

/// Twice: the second one may come from memory.
async fn version(store: &Store, id: &str) -> i64 {
    let first = fetched(store, id).await.expect("it is there");
    let second = fetched(store, id).await.expect("it is there still");
    assert_eq!(
        (first.version, &first.body, first.deleted),
        (second.version, &second.body, second.deleted)
    );
    first.version
}

async fn write(store: &Store, id: &str, text: &str) -> i64 {
    let change = put(basic(id, text), Expect::Any);
    store.commit(vec![change], at(0)).await.expect("stored")[0].version
}

#[test]
fn every_way_to_change_a_resource_is_seen_by_the_next_read() {
    each_engine(|store| async move {
        assert!(fetched(&store, "a").await.is_none());
        write(&store, "a", "1").await;
        assert_eq!(version(&store, "a").await, 1);
        write(&store, "a", "2").await;
        assert_eq!(version(&store, "a").await, 2);
        let gone = delete("Basic", "a", Expect::Any);
        store.commit(vec![gone], at(1)).await.expect("deleted");
        assert_eq!(version(&store, "a").await, 3);
        assert!(fetched(&store, "a").await.is_some_and(|stored| stored.deleted));
        write(&store, "a", "4").await;
        assert_eq!(version(&store, "a").await, 4);
        let both = vec![
            put(basic("a", "5"), Expect::Any),
            put(basic("b", "1"), Expect::Any),
        ];
        let done = store.write(move |tx| tx.apply(both.clone(), &at(2))).await;
        done.expect("a transaction");
        assert_eq!((version(&store, "a").await, version(&store, "b").await), (5, 1));
        assert!(
            fetched(&store, "a")
                .await
                .is_some_and(|stored| stored.body.contains("\"5\""))
        );
    });
}

#[test]
fn types_with_the_same_id_are_kept_apart() {
    each_engine(|store| async move {
        let flag = json!({"resourceType": "Linkage", "id": "a"});
        let both = vec![put(basic("a", "1"), Expect::Any), put(flag, Expect::Any)];
        store.commit(both, at(0)).await.expect("stored");
        for name in ["Basic", "Linkage", "Basic", "Linkage"] {
            let found = store.fetch(type_id(name), "a".into()).await.expect("read");
            assert!(found.is_some_and(|stored| stored.body.contains(name)), "{name}");
        }
    });
}

#[test]
fn what_is_undone_was_never_seen() {
    each_engine(|store| async move {
        write(&store, "a", "1").await;
        assert_eq!(version(&store, "a").await, 1);
        let failing = |tx: &mut Tx| {
            tx.apply(vec![put(basic("a", "undone"), Expect::Any)], &at(0))?;
            Err::<(), _>(StoreError::BadCursor)
        };
        // Beside one that succeeds in the same group.
        let (failed, stored) = join(store.write(failing), write(&store, "b", "1")).await;
        assert!(failed.is_err() && stored == 1);
        assert_eq!((version(&store, "a").await, version(&store, "b").await), (1, 1));
        write(&store, "a", "2").await;
        assert_eq!(version(&store, "a").await, 2);
    });
}

#[test]
fn what_another_process_writes_is_seen_by_the_next_read() {
    for database in Database::each() {
        let (here, there) = (database.open(), database.open());
        run(async {
            for round in 0..20_i64 {
                assert_eq!(write(&here, "a", &format!("here {round}")).await, round * 2 + 1);
                assert_eq!(version(&there, "a").await, round * 2 + 1);
                // Nothing but another's commits between two reads, or one of our own as well.
                write(&there, "a", &format!("there {round}")).await;
                if round % 2 == 0 {
                    write(&here, "other", &round.to_string()).await;
                }
                assert_eq!(version(&here, "a").await, round * 2 + 2);
            }
        });
        here.close();
        there.close();
    }
}

/// Two processes write and both read: no read is older than what was acknowledged before it.
#[test]
fn reads_among_writes_of_two_processes_never_go_back() {
    for database in Database::each() {
        let stores = [database.open(), database.open()];
        run(write(&stores[0], "a", "first"));
        let (acknowledged, over) = (Arc::new(AtomicI64::new(1)), Arc::new(AtomicBool::new(false)));
        let readers: Vec<_> = (0..4)
            .map(|n| {
                let (store, acknowledged, over) = (stores[n % 2].clone(), acknowledged.clone(), over.clone());
                std::thread::spawn(move || run(reads_forward(&store, &acknowledged, &over)))
            })
            .collect();
        run(async {
            for n in 0..150 {
                let version = write(&stores[n % 2], "a", &n.to_string()).await;
                acknowledged.fetch_max(version, Ordering::SeqCst);
                // Writes of others move the count between two of this one's.
                write(&stores[(n / 2) % 2], &format!("b{}", n % 3), &n.to_string()).await;
            }
        });
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            assert!(reader.join().expect("no read went back") > 0);
        }
        for store in &stores {
            assert_eq!(run(version(store, "a")), 151);
            store.close();
        }
    }
}

async fn reads_forward(store: &Store, acknowledged: &AtomicI64, over: &AtomicBool) -> usize {
    let mut reads = 0;
    while !over.load(Ordering::SeqCst) {
        let least = acknowledged.load(Ordering::SeqCst);
        let found = fetched(store, "a").await.expect("it is there");
        assert!(found.version >= least, "{} after {least}", found.version);
        reads += 1;
    }
    reads
}

#[test]
fn more_than_memory_may_hold_is_read_all_the_same() {
    each_engine(|store| async move {
        let long = "x".repeat(50_000);
        for n in 0..400 {
            write(&store, &format!("l{n}"), &format!("{n} {long}")).await;
        }
        for _ in 0..2 {
            for n in 0..400 {
                let found = fetched(&store, &format!("l{n}")).await.expect("there");
                assert!(found.body.contains(&format!("\"{n} xx")), "{n}");
            }
        }
    });
}

/// As in an import, or in another database of the same server.
#[test]
fn a_transaction_that_stays_open_hides_no_write() {
    for database in Database::each() {
        let (here, there) = (database.open(), database.open());
        run(write(&here, "a", "1"));
        let Some(open) = database.transaction() else {
            continue;
        };
        run(async {
            for n in 1..=700_i64 {
                assert_eq!(write(&there, "a", &format!("n{n}")).await, n + 1);
                assert_eq!(version(&here, "a").await, n + 1);
            }
        });
        drop(open);
        run(async {
            for n in 701..=705_i64 {
                assert_eq!(write(&there, "a", &format!("n{n}")).await, n + 1);
                assert_eq!(version(&here, "a").await, n + 1);
            }
        });
        here.close();
        there.close();
    }
}

/// As when the audit is not kept for ever.
#[test]
fn rows_of_the_audit_that_are_gone_hide_no_write() {
    for database in Database::each() {
        let (here, there) = (database.open(), database.open());
        run(async {
            for round in 1..10_i64 {
                assert_eq!(write(&there, "a", &format!("n{round}")).await, round);
                // Read and kept, written and unsaid.
                if round % 3 == 0 {
                    database.execute("DELETE FROM audit");
                }
                assert_eq!(version(&here, "a").await, round);
            }
        });
        here.close();
        there.close();
    }
}

/// The next one may be to another server, which knows less.
#[test]
fn what_was_read_by_a_connection_that_broke_is_read_again() {
    for database in Database::each() {
        let (here, there) = (database.open(), database.open());
        run(async {
            for round in 1..10_i64 {
                assert_eq!(write(&there, "a", &format!("n{round}")).await, round);
                assert_eq!(version(&here, "a").await, round);
                database.disconnect();
                // A write is not sent again where it may have been done.
                while there.ping().await.is_err() {}
                assert_eq!(version(&here, "a").await, round);
            }
        });
        here.close();
        there.close();
    }
}
