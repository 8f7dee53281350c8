//! Many at once: one resource of one, no update lost.
use super::history::walk;
use super::{conditionally, with_id};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;
use std::thread;

on_both!(
    parallel_conditional_creates_make_one,
    parallel_updates_lose_nothing
);

fn side_by_side<T: Send + 'static>(
    count: usize,
    work: impl Fn(usize) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let threads: Vec<_> = (0..count)
        .map(|n| {
            let work = work.clone();
            thread::spawn(move || work(n))
        })
        .collect();
    threads
        .into_iter()
        .map(|one| one.join().expect("no panic"))
        .collect()
}

fn parallel_conditional_creates_make_one(baton: &Baton) {
    let partner = baton.partner();
    let patient = json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "race"}]});
    let racer = partner.clone();
    let replies = side_by_side(64, move |_| {
        let header = ("if-none-exist", "identifier=urn:mrn|race");
        let reply = conditionally(&racer, "POST", "Patient", header, &patient);
        (reply.status, reply.ok()["id"].clone())
    });
    assert_eq!(replies.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|(status, _)| *status == 200).count(), 63);
    let one = partner.only("Patient?identifier=urn:mrn|race");
    assert!(replies.iter().all(|(_, id)| *id == one["id"]));
}

fn parallel_updates_lose_nothing(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/free", &with_id("free", "start")).ok();
    partner.put("Basic/locked", &with_id("locked", "start")).ok();
    let writer = partner.clone();
    let free = side_by_side(64, move |n| {
        writer
            .put("Basic/free", &with_id("free", &n.to_string()))
            .header("etag")
            .to_string()
    });
    let mut versions: Vec<i64> = free
        .iter()
        .map(|tag| tag[3..tag.len() - 1].parse().expect("a version"))
        .collect();
    versions.sort();
    assert_eq!(versions, (2..=65).collect::<Vec<i64>>());
    let (history, _) = walk(&partner, "Basic/free/_history");
    assert_eq!(history.len(), 65);

    let writer = partner.clone();
    let locked = side_by_side(64, move |n| {
        conditionally(
            &writer,
            "PUT",
            "Basic/locked",
            ("if-match", "W/\"1\""),
            &with_id("locked", &n.to_string()),
        )
        .status
    });
    let count = |status| locked.iter().filter(|one| **one == status).count();
    assert_eq!((count(200), count(412)), (1, 63));
    assert_eq!(partner.get("Basic/locked").header("etag"), "W/\"2\"");
}
