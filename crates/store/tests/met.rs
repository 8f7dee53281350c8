//! Codes that have never met in a resource are not looked for, and are found as soon as they have.
mod finding;
mod support;

use finding::{ids, save, search};
use futures_util::future::join_all;
use serde_json::{Value, json};
use store::{Expect, Store, StoreError};
use support::{at, each_engine, put};

fn observation(id: &str, code: &str, categories: &[&str]) -> Value {
    let category = |code: &&str| json!({"coding": [{"system": "urn:category", "code": code}]});
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "category": categories.iter().map(category).collect::<Vec<_>>(),
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-12-01",
    })
}

/// Page by page, sorted, counted: whichever way it goes.
async fn found(store: &Store, rest: &str) -> Vec<String> {
    let plain = ids(store, &format!("Observation?{rest}")).await;
    let mut sorted = ids(store, &format!("Observation?{rest}&_sort=-date")).await;
    sorted.sort_by_key(|id| plain.iter().position(|other| other == id));
    assert_eq!(plain, sorted, "{rest}");
    let text = format!("Observation?{rest}&_summary=count");
    let total = search(store, &text, None).await.expect("a total").total;
    assert_eq!(total, i64::try_from(plain.len()).ok(), "{rest}");
    plain
}

#[test]
fn what_has_met_once_is_looked_for() {
    each_engine(|store| async move {
        let patient = json!({"resourceType": "Patient", "id": "p"});
        let height = observation("height", "8302-2", &["vital-signs"]);
        let glucose = observation("glucose", "2339-0", &["laboratory"]);
        save(&store, 0, vec![patient, height, glucose]).await;
        assert_eq!(
            found(&store, "code=8302-2&category=vital-signs").await,
            ["height"]
        );
        assert_eq!(found(&store, "code=8302-2&category=laboratory").await, [""; 0]);
        assert_eq!(
            found(
                &store,
                "category=urn:category|laboratory&code=http://loinc.org|8302-2"
            )
            .await,
            [""; 0]
        );
        let either = "Observation?code=8302-2,2339-0&category=laboratory,social-history";
        assert_eq!(ids(&store, either).await, ["glucose"]);
        let not = "Observation?code=8302-2&category:not=laboratory";
        assert_eq!(ids(&store, not).await, ["height"]);

        save(
            &store,
            1,
            vec![observation("height", "8302-2", &["vital-signs", "laboratory"])],
        )
        .await;
        assert_eq!(found(&store, "code=8302-2&category=laboratory").await, ["height"]);
        // What met may part again.
        save(&store, 2, vec![observation("height", "8302-2", &["vital-signs"])]).await;
        assert_eq!(found(&store, "code=8302-2&category=laboratory").await, [""; 0]);
        save(&store, 3, vec![observation("other", "8302-2", &["laboratory"])]).await;
        assert_eq!(found(&store, "code=8302-2&category=laboratory").await, ["other"]);
    });
}

/// Transactions that note the same pairs, each in an order of its own, and some of which come to nothing.
#[test]
fn many_who_note_the_same_at_once_all_come_to_an_end() {
    each_engine(|store| async move {
        let codes: Vec<String> = (0..6).map(|n| format!("c{n}")).collect();
        let writes = (0..24).map(|who| {
            let (store, mut codes) = (store.clone(), codes.clone());
            codes.rotate_left(who % 6);
            async move {
                store
                    .write(move |tx| {
                        for code in &codes {
                            let one = observation(&format!("{who}-{code}"), code, &["laboratory"]);
                            tx.apply(vec![put(one, Expect::Any)], &at(0))?;
                        }
                        match who % 3 {
                            0 => Err(StoreError::Busy),
                            _ => Ok(()),
                        }
                    })
                    .await
            }
        });
        let ends = join_all(writes).await;
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 16, "{ends:?}");
        for code in &codes {
            let found = found(&store, &format!("code={code}&category=laboratory")).await;
            assert_eq!(found.len(), 16, "{code}");
        }
    });
}
