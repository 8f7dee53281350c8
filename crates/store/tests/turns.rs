//! Long jobs take turns: each as if it were alone, whatever the others do in between.
mod support;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::{Change, Op, Seen, Store, StoreError, Tx};
use support::{at, each_engine, fate, is_doomed, put, type_id};

fn basic(id: &str, count: u64) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": count.to_string()}})
}

fn counted(body: &str) -> u64 {
    let value: Value = serde_json::from_str(body).expect("JSON");
    value["code"]["text"]
        .as_str()
        .expect("a text")
        .parse()
        .expect("a number")
}

/// Reads, lets others have the connection, and writes what it worked out.
fn count(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let mut seen = Seen::default();
    let found = seen.read(tx, &[(type_id("Basic"), id.to_owned())])?;
    let before = found.first().map_or(0, |stored| counted(&stored.body));
    tx.lend();
    std::thread::sleep(Duration::from_micros(200));
    let change: Change = put(basic(id, before + 1), seen.expect(type_id("Basic"), id));
    assert!(matches!(change.op, Op::Put(_)));
    tx.apply(vec![change], &at(0)).map(drop)
}

async fn counts(store: &Store, id: &str) -> u64 {
    let found = store.fetch(type_id("Basic"), id.into()).await.expect("read");
    found.map_or(0, |stored| counted(&stored.body))
}

#[test]
fn under_a_lock_nothing_is_lost() {
    each_engine(|store| async move {
        let jobs = (0..48).map(|n| {
            let id = format!("c{}", n % 3);
            store.write_in_turns(move |tx| {
                tx.lock(&id)?;
                count(tx, &id)
            })
        });
        // Who does not take turns waits for all who do.
        let alone = (0..12).map(|_| {
            store.write(|tx| {
                tx.lock("c0")?;
                count(tx, "c0")
            })
        });
        let (ends, ends_alone) = join(join_all(jobs), join_all(alone)).await;
        assert!(
            ends.iter().chain(&ends_alone).all(Result::is_ok),
            "{ends:?} {ends_alone:?}"
        );
        let all = [
            counts(&store, "c0").await,
            counts(&store, "c1").await,
            counts(&store, "c2").await,
        ];
        assert_eq!(all, [28, 16, 16]);
    });
}

#[test]
fn without_a_lock_what_was_read_is_still_there_or_read_again() {
    each_engine(|store| async move {
        let jobs = (0..6).map(|_| store.write_in_turns(|tx| count(tx, "c")));
        let ends = join_all(jobs).await;
        assert!(ends.iter().all(Result::is_ok), "{ends:?}");
        assert_eq!(counts(&store, "c").await, 6);
    });
}

#[test]
fn who_fails_or_panics_takes_nobody_along() {
    each_engine(|store| async move {
        let jobs = (0..60).map(|n| {
            store.write_in_turns(move |tx| {
                count(tx, &format!("c{n}"))?;
                fate(n)
            })
        });
        for (n, end) in join_all(jobs).await.into_iter().enumerate() {
            assert_eq!(end.is_err(), is_doomed(n), "{n}: {end:?}");
            assert_eq!(
                counts(&store, &format!("c{n}")).await,
                u64::from(!is_doomed(n)),
                "{n}"
            );
        }
    });
}

#[test]
fn two_that_wait_for_each_other_both_come_to_an_end() {
    each_engine(|store| async move {
        let tries = Arc::new(AtomicUsize::new(0));
        let jobs = (0..4).map(|n| {
            let (first, then) = if n % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let tries = tries.clone();
            store.write_in_turns(move |tx| {
                tries.fetch_add(1, Ordering::Relaxed);
                tx.lock(first)?;
                count(tx, first)?;
                tx.lock(then)?;
                count(tx, then)
            })
        });
        let ends = join_all(jobs).await;
        assert!(ends.iter().all(Result::is_ok), "{ends:?}");
        assert_eq!([counts(&store, "a").await, counts(&store, "b").await], [4, 4]);
        assert!(tries.load(Ordering::Relaxed) >= 4);
    });
}
