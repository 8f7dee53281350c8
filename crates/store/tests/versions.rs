//! Versions, history and expectations of the write door, on both engines.
mod support;

use serde_json::{Value, json};
use store::{Expect, History, HistoryScope, Outcome, Store, StoreError, Stored};
use support::{at, delete, each_engine, put, type_id};

fn ward(id: &str, name: &str) -> Value {
    json!({"resourceType": "Location", "id": id, "name": name, "status": "active"})
}

async fn save(store: &Store, second: i64, name: &str, expect: Expect) -> Result<store::Applied, StoreError> {
    let applied = store
        .commit(vec![put(ward("w", name), expect)], at(second))
        .await?;
    Ok(applied.into_iter().next().expect("one for one"))
}

fn body(stored: &Stored) -> Value {
    serde_json::from_str(&stored.body).expect("JSON")
}

#[test]
fn each_write_makes_a_version_and_none_is_lost() {
    each_engine(|store| async move {
        let created = save(&store, 0, "A", Expect::Any).await.expect("created");
        assert_eq!((created.version, created.outcome), (1, Outcome::Created));
        let updated = save(&store, 1, "B", Expect::Any).await.expect("updated");
        assert_eq!((updated.version, updated.outcome), (2, Outcome::Updated));
        let gone = store
            .commit(vec![delete("Location", "w", Expect::Any)], at(2))
            .await
            .expect("deleted");
        assert_eq!(
            (gone[0].version, gone[0].outcome, gone[0].body.as_str()),
            (3, Outcome::Deleted, "")
        );
        let again = store
            .commit(vec![delete("Location", "w", Expect::Any)], at(3))
            .await
            .expect("again");
        assert_eq!((again[0].version, again[0].outcome), (3, Outcome::Absent));
        let back = save(&store, 4, "C", Expect::Absent).await.expect("created again");
        assert_eq!((back.version, back.outcome), (4, Outcome::Created));

        let current = store
            .fetch(type_id("Location"), "w".into())
            .await
            .expect("read")
            .expect("there");
        assert_eq!(current.body, back.body);
        let versions = store.read(|tx| (1..=5).map(|n| tx.version(type_id("Location"), "w", n)).collect());
        let versions: Vec<Option<Stored>> = versions.await.expect("read");
        let names: Vec<_> = versions
            .iter()
            .flatten()
            .filter(|v| !v.deleted)
            .map(|v| body(v)["name"].clone())
            .collect();
        assert_eq!(names, ["A", "B", "C"]);
        assert!(versions[2].as_ref().is_some_and(|stored| stored.deleted));
        assert!(versions[4].is_none());
    });
}

#[test]
fn what_is_stored_is_stamped_and_otherwise_as_it_was_sent() {
    each_engine(|store| async move {
        let created = save(&store, 0, "A", Expect::Any).await.expect("created");
        let body: Value = serde_json::from_str(&created.body).expect("JSON");
        assert_eq!(body["meta"]["versionId"], "1");
        assert_eq!(
            body["meta"]["lastUpdated"],
            fhir::datetime::instant(created.updated)
        );
        assert_eq!((&body["id"], &body["name"]), (&json!("w"), &json!("A")));
    });
}

#[test]
fn the_same_content_is_no_new_version() {
    each_engine(|store| async move {
        let first = save(&store, 0, "A", Expect::Any).await.expect("created");
        let same = save(&store, 9, "A", Expect::Any).await.expect("unchanged");
        assert_eq!(
            (same.version, same.outcome, same.updated),
            (1, Outcome::Unchanged, first.updated)
        );
        assert_eq!(same.body, first.body);
    });
}

#[test]
fn expectations_are_checked_before_anything_is_written() {
    each_engine(|store| async move {
        save(&store, 0, "A", Expect::Any).await.expect("created");
        for (expect, found) in [(Expect::Absent, Some(1)), (Expect::Version(7), Some(1))] {
            let other = put(ward("other", "O"), Expect::Any);
            let both = vec![other, put(ward("w", "B"), expect)];
            match store.commit(both, at(1)).await {
                Err(StoreError::Precondition { id, current, .. }) => {
                    assert_eq!((id.as_str(), current), ("w", found))
                }
                other => panic!("{expect:?}: {other:?}"),
            }
        }
        assert!(
            store
                .fetch(type_id("Location"), "other".into())
                .await
                .expect("read")
                .is_none()
        );
        assert_eq!(
            save(&store, 2, "B", Expect::Version(1))
                .await
                .expect("as expected")
                .version,
            2
        );
        let gone = delete("Location", "w", Expect::Version(1));
        assert!(matches!(
            store.commit(vec![gone], at(3)).await,
            Err(StoreError::Precondition { .. })
        ));
    });
}

#[test]
fn one_resource_changes_once_per_transaction() {
    each_engine(|store| async move {
        let twice = vec![
            put(ward("w", "A"), Expect::Any),
            delete("Location", "w", Expect::Any),
        ];
        match store.commit(twice, at(0)).await {
            Err(StoreError::Rejected { status: 400, issues }) => {
                assert!(issues[0].diagnostics.contains("Location/w"))
            }
            other => panic!("{other:?}"),
        }
    });
}

/// (id, version) of all pages.
async fn history(store: &Store, scope: HistoryScope, since: Option<i64>, count: usize) -> Vec<(String, i64)> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let asked = History {
            since,
            cursor: cursor.clone(),
            ..History::of(scope.clone(), count)
        };
        let page = store.read(move |tx| tx.history(&asked)).await.expect("a page");
        assert!(page.versions.len() <= count);
        all.extend(
            page.versions
                .into_iter()
                .map(|stored| (stored.id, stored.version)),
        );
        match page.next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

#[test]
fn history_is_newest_first_and_complete_page_by_page() {
    each_engine(|store| async move {
        for (second, id, name) in [
            (0, "w", "A"),
            (1, "v", "A"),
            (2, "w", "B"),
            (2, "v", "B"),
            (3, "w", "C"),
        ] {
            store
                .commit(vec![put(ward(id, name), Expect::Any)], at(second))
                .await
                .expect("stored");
        }
        store
            .commit(vec![delete("Location", "v", Expect::Any)], at(4))
            .await
            .expect("deleted");
        let named = |all: &[(&str, i64)]| all.iter().map(|(id, n)| (id.to_string(), *n)).collect::<Vec<_>>();
        let all = named(&[("v", 3), ("w", 3), ("v", 2), ("w", 2), ("v", 1), ("w", 1)]);
        for count in 1..=7 {
            let of_type = HistoryScope::Type(type_id("Location"));
            assert_eq!(history(&store, of_type, None, count).await, all);
            assert_eq!(history(&store, HistoryScope::System, None, count).await, all);
            let of_one = HistoryScope::Instance(type_id("Location"), "w".into());
            assert_eq!(
                history(&store, of_one, None, count).await,
                named(&[("w", 3), ("w", 2), ("w", 1)])
            );
        }
        let since = HistoryScope::Type(type_id("Location"));
        assert_eq!(
            history(&store, since, Some(at(3).now), 10).await,
            named(&[("v", 3), ("w", 3)])
        );
        let foreign = store
            .read(|tx| {
                tx.history(&History {
                    cursor: Some("AAAA".into()),
                    ..History::of(HistoryScope::System, 1)
                })
            })
            .await;
        assert!(matches!(foreign, Err(StoreError::BadCursor)));
    });
}

#[test]
fn every_write_leaves_an_audit_row() {
    let databases = support::Database::each();
    for database in &databases {
        let store = database.open();
        support::run(async {
            save(&store, 0, "A", Expect::Any).await.expect("created");
            save(&store, 1, "B", Expect::Any).await.expect("updated");
            save(&store, 2, "B", Expect::Any).await.expect("unchanged");
            store
                .commit(vec![delete("Location", "w", Expect::Any)], at(3))
                .await
                .expect("deleted");
        });
        store.close();
        assert_eq!(
            support::audit(database),
            ["put 1 test", "put 2 test", "delete 3 test"]
        );
    }
}
