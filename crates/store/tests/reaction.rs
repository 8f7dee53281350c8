//! What follows from a change is stored with it, or neither is.
mod support;

use fhir::TypeId;
use serde_json::json;
use std::sync::Arc;
use store::{Change, Changed, Context, Expect, Reaction, Store, StoreError, Tx};
use support::{Database, at, put, run, type_id};

/// Each Basic `x` asks for Basic `xx`, up to a length; a Basic named `bad` is refused.
struct Growing {
    limit: usize,
}

impl Reaction for Growing {
    fn watches(&self, of: TypeId) -> bool {
        of == type_id("Basic")
    }

    fn react(&self, tx: &mut Tx, changed: &[Changed], ctx: &Context) -> Result<Vec<Change>, StoreError> {
        let mut next = Vec::new();
        for change in changed {
            let after = change.after.expect("no deletes here");
            assert_eq!(
                (after["id"].as_str(), &after["meta"]["versionId"]),
                (Some(change.id), &json!("1"))
            );
            assert!(
                tx.get(change.type_id, change.id)?.is_some(),
                "the row is there already"
            );
            assert_eq!(ctx.actor == "baton", change.id.len() > 1);
            if change.id == "bad" {
                return Err(StoreError::Rejected {
                    status: 422,
                    issues: Vec::new(),
                });
            }
            if change.id.len() < self.limit {
                let grown =
                    json!({"resourceType": "Basic", "id": format!("{}x", change.id), "code": {"text": "x"}});
                next.push(put(grown, Expect::Any));
            }
        }
        Ok(next)
    }
}

async fn save(store: &Store, id: &str) -> Result<usize, StoreError> {
    let value = json!({"resourceType": "Basic", "id": id, "code": {"text": "x"}});
    Ok(store.commit(vec![put(value, Expect::Any)], at(0)).await?.len())
}

async fn stored(store: &Store, ids: &[&str]) -> Vec<bool> {
    let mut there = Vec::new();
    for id in ids {
        there.push(
            store
                .fetch(type_id("Basic"), id.to_string())
                .await
                .expect("read")
                .is_some(),
        );
    }
    there
}

#[test]
fn a_chain_of_consequences_is_one_transaction() {
    for database in Database::each() {
        let store = database.open_with(Arc::new(Growing { limit: 4 }));
        run(async {
            assert_eq!(save(&store, "x").await.expect("stored"), 1);
            assert_eq!(stored(&store, &["x", "xx", "xxx", "xxxx"]).await, [true; 4]);
        });
        store.close();
        assert_eq!(
            support::audit(&database),
            ["put 1 test", "put 1 baton", "put 1 baton", "put 1 baton"]
        );
    }
}

#[test]
fn a_reaction_that_never_settles_is_refused_whole() {
    for database in Database::each() {
        let store = database.open_with(Arc::new(Growing { limit: 99 }));
        run(async {
            assert!(matches!(save(&store, "x").await, Err(StoreError::Database(_))));
            assert_eq!(stored(&store, &["x", "xx"]).await, [false; 2]);
        });
        store.close();
    }
}

#[test]
fn work_cannot_keep_a_change_whose_reaction_failed() {
    for database in Database::each() {
        let store = database.open_with(Arc::new(Growing { limit: 1 }));
        run(async {
            let end = store.write(|tx| {
                let bad = json!({"resourceType": "Basic", "id": "bad", "code": {"text": "x"}});
                let baton = Context {
                    actor: "baton".into(),
                    ..at(0)
                };
                assert!(tx.apply(vec![put(bad, Expect::Any)], &baton).is_err());
                Ok(())
            });
            assert!(end.await.is_err());
            assert_eq!(stored(&store, &["bad"]).await, [false]);
        });
        store.close();
    }
}
