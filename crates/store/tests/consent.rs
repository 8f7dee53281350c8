//! What Consents and labels show, three times: by the provisions as they stand in JSON, by the rules
//! they are compiled to, and by searches on both engines.
mod consenting;
mod support;

use consenting::oracle;
use consenting::world::{Random, World};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::consent::{Asker, Facts, Recipient};
use fhir::search::holds::Subject;
use fhir::search::{Filter, Query};
use serde_json::Value;
use std::sync::Arc;
use store::{Expect, Store};
use support::{Database, NOON, at, each_engine, put, run, type_id};

const WORLDS: u64 = 14;
const RECIPIENTS: usize = 6;

#[test]
fn searches_and_rules_show_what_the_provisions_say() {
    each_engine(|store| async move {
        for seed in 0..WORLDS {
            // With the indexes of enforcement and without; Consents are written as they are.
            store.enforce_consents(seed % 2 == 0).await.expect("indexes");
            let mut random = Random(seed + 1);
            let world = World::random(&mut random);
            write(&store, &world).await;
            for _ in 0..RECIPIENTS {
                let recipient = random.recipient(NOON);
                judge(&store, &world, &recipient, seed).await;
            }
        }
    });
}

/// Nothing is read as a whole to decide about one resource. (PostgreSQL reads few rows as a whole.)
#[test]
fn patients_and_labels_are_found_by_their_indexes() {
    let database = Database::sqlite();
    let store = database.open();
    run(async {
        store.enforce_consents(true).await.expect("indexes");
        write(&store, &World::random(&mut Random(1))).await;
        let asker = Asker::new(None, Arc::new([]), None, NOON);
        asker.keep([].into());
        let mut query = Query::new(type_id("Observation"), vec![Filter::Shown(asker)], 10);
        query.explain = true;
        let plan = store.search(query).await.expect("found").plan.join("\n");
        for index in ["idx_reference_whose", "consent_rule_by_patient"] {
            assert!(plan.contains(index), "{index} in {plan}");
        }
        let whole = |line: &str| line.starts_with("SCAN t") || line.ends_with("PRIMARY KEY (param=?)");
        assert!(!plan.lines().any(whole), "{plan}");
    });
    store.close();
}

async fn write(store: &Store, world: &World) {
    let changes: Vec<_> = world.all().map(|one| put(one.clone(), Expect::Any)).collect();
    store.commit(changes, at(0)).await.expect("written");
}

async fn judge(store: &Store, world: &World, recipient: &Recipient, seed: u64) {
    let asker = || {
        let asker = Asker::new(None, Arc::new([]), recipient.purpose, recipient.now);
        asker.keep(recipient.actors.clone());
        asker
    };
    for on in ["Location", "Observation", "Patient"] {
        let query = Query::new(type_id(on), vec![Filter::Shown(asker())], 100);
        let page = store.search(query).await.expect("found");
        let mut found: Vec<String> = page.matches.into_iter().map(|one| one.id).collect();
        found.sort();
        let of_type = world.resources.iter().filter(|one| one["resourceType"] == on);
        let (mut expected, mut by_rules, mut by_point) = (Vec::new(), Vec::new(), Vec::new());
        for one in of_type {
            let id = one["id"].as_str().expect("an id").to_owned();
            if oracle::shows(world, one, recipient) {
                expected.push(id.clone());
            }
            let found = store
                .fetch(type_id(on), id.clone())
                .await
                .expect("found")
                .expect("there");
            let point = store
                .shows(&asker(), &facts(one), found.version)
                .await
                .expect("told");
            let older = store.shows(&asker(), &facts(one), found.version - 1).await;
            assert_eq!(older.expect("told"), None, "of what was replaced nothing is told");
            let somebody = Asker::new(
                Some("Practitioner/x".into()),
                Arc::new([]),
                recipient.purpose,
                recipient.now,
            );
            let told = store
                .shows(&somebody, &facts(one), found.version)
                .await
                .expect("told");
            assert_ne!(
                told,
                Some(false),
                "nobody is refused before it is known who they are"
            );
            if point.expect("who asks is known") {
                by_point.push(id.clone());
            }
            let (asker, facts) = (asker(), facts(one));
            if store
                .read(move |tx| tx.shows(&asker, &facts))
                .await
                .expect("told")
            {
                by_rules.push(id);
            }
        }
        expected.sort();
        by_rules.sort();
        by_point.sort();
        let told = || format!("world {seed}, {on}, {recipient:?}\n{:#?}", world.consents);
        assert_eq!(by_rules, expected, "rules in {}", told());
        assert_eq!(by_point, expected, "one by one in {}", told());
        assert_eq!(found, expected, "search in {}", told());
    }
}

fn facts(resource: &Value) -> Facts {
    let on = TypeId::of(resource["resourceType"].as_str().expect("a type")).expect("a type");
    Facts::of(Subject {
        on,
        id: resource["id"].as_str().expect("an id"),
        updated: NOON,
        resource,
        bases: &Bases::default(),
    })
}
