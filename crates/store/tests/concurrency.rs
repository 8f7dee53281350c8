//! Many at once: nobody's failure or race is anybody else's problem.
mod support;

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use store::{Applied, Change, Expect, Outcome, Store, StoreError, Tx};
use support::{Database, at, delete, each_engine, fate, is_doomed, lines, put, run, type_id};

fn basic(id: &str, text: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": text}})
}

async fn is_there(store: &Store, id: &str) -> bool {
    store
        .fetch(type_id("Basic"), id.into())
        .await
        .expect("read")
        .is_some()
}

#[test]
fn one_failing_job_among_many_fails_alone() {
    each_engine(|store| async move {
        let jobs = (0..100).map(|n| {
            store.write(move |tx| {
                tx.apply(vec![put(basic(&format!("b{n}"), "x"), Expect::Any)], &at(0))?;
                fate(n)
            })
        });
        for (n, end) in join_all(jobs).await.into_iter().enumerate() {
            assert_eq!(end.is_err(), is_doomed(n), "{n}: {end:?}");
            assert_eq!(is_there(&store, &format!("b{n}")).await, !is_doomed(n), "{n}");
        }
    });
}

#[test]
fn work_that_ignores_a_failed_write_is_not_committed() {
    each_engine(|store| async move {
        let twice = store.write(|tx: &mut Tx| {
            tx.apply(vec![put(basic("a", "x"), Expect::Fresh)], &at(0))?;
            let again = tx.apply(vec![put(basic("a", "y"), Expect::Fresh)], &at(0));
            assert!(again.is_err());
            Ok(())
        });
        assert!(twice.await.is_err());
        assert!(!is_there(&store, "a").await);
    });
}

#[test]
fn a_create_and_63_updates_of_one_id_at_once_all_succeed() {
    each_engine(|store| async move {
        let writes = (0..64).map(|n| {
            let change: Change = put(basic("same", &format!("text {n}")), Expect::Any);
            store.commit(vec![change], at(0))
        });
        let ends: Vec<Applied> = join_all(writes)
            .await
            .into_iter()
            .map(|end| end.expect("stored").remove(0))
            .collect();
        let mut versions: Vec<i64> = ends.iter().map(|applied| applied.version).collect();
        versions.sort_unstable();
        assert_eq!(versions, (1..=64).collect::<Vec<_>>());
        assert_eq!(
            ends.iter()
                .filter(|applied| applied.outcome == Outcome::Created)
                .count(),
            1
        );
    });
}

#[test]
fn only_one_of_many_wins_an_absent_id() {
    each_engine(|store| async move {
        let writes = (0..32).map(|n| {
            store.commit(
                vec![put(basic("one", &format!("text {n}")), Expect::Absent)],
                at(0),
            )
        });
        let ends = join_all(writes).await;
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
        let lost = ends
            .iter()
            .filter(|end| matches!(end, Err(StoreError::Precondition { current: Some(1), .. })));
        assert_eq!(lost.count(), 31);
    });
}

#[test]
fn each_of_many_plain_changes_at_once_has_its_own_end() {
    each_engine(|store| async move {
        let first = (0..60).map(|n| put(basic(&format!("b{n}"), "first"), Expect::Any));
        store.commit(first.collect(), at(0)).await.expect("stored");
        let changes = (0..60).map(|n| {
            let id = format!("b{n}");
            let change = match n % 6 {
                0 => put(basic(&id, "second"), Expect::Any),
                1 => put(basic(&id, "second"), Expect::Version(1)),
                2 => put(basic(&id, "second"), Expect::Version(7)),
                3 => put(basic(&id, "first"), Expect::Any),
                4 => delete("Basic", &id, Expect::Any),
                _ => put(basic(&format!("new{n}"), "first"), Expect::Fresh),
            };
            store.commit(vec![change], at(1))
        });
        for (n, end) in join_all(changes).await.into_iter().enumerate() {
            let end = end.map(|mut applied| applied.remove(0));
            match (n % 6, &end) {
                (0 | 1, Ok(applied)) => assert_eq!((applied.outcome, applied.version), (Outcome::Updated, 2)),
                (2, Err(StoreError::Precondition { current, .. })) => assert_eq!(*current, Some(1)),
                (3, Ok(applied)) => assert_eq!((applied.outcome, applied.version), (Outcome::Unchanged, 1)),
                (4, Ok(applied)) => assert_eq!((applied.outcome, applied.version), (Outcome::Deleted, 2)),
                (5, Ok(applied)) => assert_eq!((applied.outcome, applied.version), (Outcome::Created, 1)),
                _ => panic!("{n}: {end:?}"),
            }
            let stored = store
                .fetch(type_id("Basic"), format!("b{n}"))
                .await
                .expect("read");
            let stored = stored.map(|stored| (stored.version, stored.deleted));
            let changed = [0, 1, 4].contains(&(n % 6));
            assert_eq!(stored, Some((1 + i64::from(changed), n % 6 == 4)), "{n}");
        }
    });
}

#[test]
fn of_many_who_name_the_same_version_one_wins() {
    each_engine(|store| async move {
        let first = put(basic("one", "first"), Expect::Any);
        store.commit(vec![first], at(0)).await.expect("stored");
        for version in 1..6 {
            let writes = (0..16).map(|n| {
                let change = put(basic("one", &format!("{version} {n}")), Expect::Version(version));
                store.commit(vec![change], at(version))
            });
            let ends = join_all(writes).await;
            let won = ends.iter().filter(|end| end.is_ok());
            assert_eq!(won.count(), 1, "{ends:?}");
        }
    });
}

#[test]
fn who_has_locked_one_resource_holds_up_nobody_who_changes_another() {
    for database in &Database::each_postgres() {
        let store = database.open();
        run(async {
            let all = (0..20).map(|n| put(basic(&format!("b{n}"), "first"), Expect::Any));
            store.commit(all.collect(), at(0)).await.expect("stored");
            let mut other = database.transaction().expect("one that is open");
            other
                .batch_execute("SELECT FROM resource WHERE id = 'b7' FOR UPDATE")
                .expect("locked");
            let update = |n| store.commit(vec![put(basic(&format!("b{n}"), "second"), Expect::Any)], at(1));
            let (held_up, others) = (update(7), join_all((0..20).filter(|n| *n != 7).map(update)));
            let freed = async {
                let ends = others.await;
                assert!(ends.iter().all(Result::is_ok), "{ends:?}");
                other.batch_execute("COMMIT").expect("free again");
            };
            let (held_up, ()) = futures_util::future::join(held_up, freed).await;
            assert_eq!(held_up.expect("stored")[0].version, 2);
        });
        store.close();
    }
}

/// What a connection was told to commit when it broke may be stored, so nobody tries that again.
#[test]
fn whose_connection_breaks_while_it_writes_is_told_so() {
    for database in &Database::each_postgres() {
        let store = database.open();
        let put = |id, text| store.commit(vec![put(basic(id, text), Expect::Any)], at(0));
        run(put("there", "first")).expect("stored");
        for (id, outcome) in [("there", Outcome::Updated), ("new", Outcome::Created)] {
            let mut other = database.transaction().expect("one that is open");
            other
                .batch_execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
                .expect("locked");
            let end = std::thread::scope(|threads| {
                threads.spawn(|| cut_when_they_wait(database));
                run(put(id, "second"))
            });
            assert!(matches!(end, Err(StoreError::Database(_))), "{id}: {end:?}");
            let again = run(put(id, "second")).expect("stored");
            assert_eq!(again[0].outcome, outcome);
        }
        store.close();
    }
}

/// All connections, and with them whatever they wait for, once one of them waits for a lock.
fn cut_when_they_wait(database: &Database) {
    let waiting = "SELECT pid::text AS line FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while lines(database, waiting).is_empty() {
        std::thread::yield_now();
    }
    database.disconnect();
}

#[test]
fn a_lock_serialises_look_and_create() {
    each_engine(|store| async move {
        let jobs = (0..32).map(|n| {
            store.write(move |tx| {
                tx.lock_all(&["urn:mrn|2", "urn:mrn|1"])?;
                if tx.get(type_id("Basic"), "first")?.is_some() {
                    return Ok(false);
                }
                let both = vec![
                    put(basic("first", "x"), Expect::Any),
                    put(basic(&format!("n{n}"), "x"), Expect::Any),
                ];
                tx.apply(both, &at(0)).map(|_| true)
            })
        });
        let ends = join_all(jobs).await;
        assert_eq!(
            ends.into_iter()
                .filter(|end| *end.as_ref().expect("no error"))
                .count(),
            1
        );
    });
}

#[test]
fn a_deadlock_is_run_again_and_nobody_notices() {
    for database in &Database::each_postgres() {
        let store = database.open();
        run(async {
            let both = vec![
                put(basic("a", "0"), Expect::Any),
                put(basic("b", "0"), Expect::Any),
            ];
            store.commit(both, at(0)).await.expect("stored");
            let (attempts, meet) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(2)));
            let crossing = |first: &'static str, second: &'static str| {
                let (attempts, meet, mut is_first) = (attempts.clone(), meet.clone(), true);
                store.write(move |tx| {
                    attempts.fetch_add(1, Ordering::Relaxed);
                    tx.apply(vec![put(basic(first, first), Expect::Any)], &at(1))?;
                    if std::mem::take(&mut is_first) {
                        meet.wait();
                    }
                    tx.apply(vec![put(basic(second, first), Expect::Any)], &at(1))
                })
            };
            let ends = join_all([crossing("a", "b"), crossing("b", "a")]).await;
            assert!(ends.iter().all(Result::is_ok), "{ends:?}");
            assert_eq!(attempts.load(Ordering::Relaxed), 3);
        });
        store.close();
    }
}

#[test]
fn a_search_after_an_acknowledged_write_sees_it() {
    each_engine(|store| async move {
        for n in 0..50 {
            let id = format!("b{n}");
            store
                .commit(vec![put(basic(&id, "x"), Expect::Fresh)], at(0))
                .await
                .expect("stored");
            assert!(is_there(&store, &id).await);
        }
    });
}

#[test]
fn after_close_nothing_is_accepted_and_nothing_accepted_is_lost() {
    for database in Database::each() {
        let store = database.open();
        run(async {
            let writes: Vec<_> = (0..40)
                .map(|n| Box::pin(store.commit(vec![put(basic(&format!("b{n}"), "x"), Expect::Any)], at(0))))
                .collect();
            let closing = {
                let store = store.clone();
                async move {
                    tokio::task::yield_now().await;
                    store.close();
                }
            };
            let (ends, ()) = futures_util::future::join(join_all(writes), closing).await;
            assert!(ends.iter().all(Result::is_ok));
            assert!(!store.is_ready());
            let late = store
                .commit(vec![put(basic("late", "x"), Expect::Any)], at(0))
                .await;
            assert!(matches!(late, Err(StoreError::Busy)));
        });
        let again = database.open();
        run(async {
            for n in 0..40 {
                assert!(is_there(&again, &format!("b{n}")).await);
            }
        });
        again.close();
    }
}
