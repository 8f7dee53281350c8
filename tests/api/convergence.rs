//! The property sold: the same messages in any order, however often, from however many
//! connections and senders, give the same resources.
//!
//! Each case writes one life for fresh patients, sends it shuffled and with repeats, and compares
//! everything visible with the same life told once and in order. Seeds are fixed, one is new at
//! every run; BATON_SEEDS=1,2,3 runs others.
mod life;
mod picture;

use crate::on_both;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use chrono::Duration;
use life::{Life, Message, STORIES};
use picture::picture;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;

on_both!(
    any_order_and_repetition,
    many_connections_at_once,
    what_a_person_writes_in_between_stays,
);

const SEEDS: [u64; 2] = [1, 2];

fn seeds() -> Vec<u64> {
    match std::env::var("BATON_SEEDS") {
        Ok(list) => list
            .split(',')
            .map(|seed| seed.trim().parse().expect("a number"))
            .collect(),
        Err(_) => SEEDS.into_iter().chain([rand::random()]).collect(),
    }
}

/// All messages in a random order, about half of them twice.
fn shuffled(messages: &[Message], seed: u64) -> Vec<Message> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut order = messages.to_vec();
    order.shuffle(&mut random);
    let mut sent = messages.to_vec();
    sent.extend(order.into_iter().take(messages.len() / 2));
    sent.shuffle(&mut random);
    sent
}

fn prepared(baton: &Baton) -> Client {
    baton.sender();
    baton.sender_in("south", life::OTHER.0, life::OTHER.1, "America/New_York");
    baton.partner()
}

fn compare(client: &Client, told: &Life, shuffled: &Life, story: &str, seed: u64) {
    let (expected, found) = (picture(client, told), picture(client, shuffled));
    let differs = |name: &&String| found.get(*name) != expected.get(*name);
    let differing: Vec<&String> = expected.keys().filter(differs).collect();
    if let Some(first) = differing.iter().min_by_key(|name| !name.starts_with("Encounter")) {
        assert_eq!(
            found.get(*first),
            expected.get(*first),
            "{story}, seed {seed}: {differing:#?}"
        );
    }
    let more: Vec<_> = found
        .keys()
        .filter(|name| !expected.contains_key(*name))
        .collect();
    assert!(more.is_empty(), "{story}, seed {seed}: {more:?}");
}

fn any_order_and_repetition(baton: &Baton) {
    let client = prepared(baton);
    for (story, write) in STORIES {
        let told = write();
        told.prepare(&client);
        told.messages.iter().for_each(|message| message.send(&client));
        (told.check)(&client, &told);
        for seed in seeds() {
            let life = write();
            life.prepare(&client);
            let order = shuffled(&life.messages, seed);
            order.iter().for_each(|message| message.send(&client));
            compare(&client, &told, &life, story, seed);
        }
    }
}

/// Eight connections at once, all stories mixed.
fn many_connections_at_once(baton: &Baton) {
    let client = prepared(baton);
    let told: Vec<Life> = STORIES.map(|(_, write)| write()).into();
    told.iter().for_each(|life| life.prepare(&client));
    for message in told.iter().flat_map(|life| &life.messages) {
        message.send(&client);
    }
    for seed in seeds() {
        let lives: Vec<Life> = STORIES.map(|(_, write)| write()).into();
        lives.iter().for_each(|life| life.prepare(&client));
        let all: Vec<Message> = lives.iter().flat_map(|life| life.messages.clone()).collect();
        let order = shuffled(&all, seed);
        std::thread::scope(|scope| {
            for part in 0..8 {
                let (client, order) = (client.clone(), &order);
                scope.spawn(move || {
                    order
                        .iter()
                        .skip(part)
                        .step_by(8)
                        .for_each(|message| message.send(&client))
                });
            }
        });
        for ((told, life), (story, _)) in told.iter().zip(&lives).zip(STORIES) {
            compare(&client, told, life, story, seed);
        }
    }
}

/// A message is folded into what a person has just written, not over it.
fn what_a_person_writes_in_between_stays(baton: &Baton) {
    let client = prepared(baton);
    let (patient, visit) = (unique("P"), unique("V"));
    client.taken(&Adt::new("A01", &patient, &visit));
    let stay = client.find(&format!("Encounter?identifier={visit}"));
    let path = format!("Encounter/{}", stay[0]["id"].as_str().expect("an id"));
    let told = (0..60).map(|minute| {
        let wards = ["4WEST^401^A", "5EAST^12^B"];
        let mut adt = Adt::new("A02", &patient, &visit).at(days_ago(4) + Duration::minutes(minute));
        adt.location = wards[usize::from(minute % 2 == 0)];
        adt
    });
    std::thread::scope(|scope| {
        let (sender, told) = (client.clone(), told.collect::<Vec<_>>());
        let messages = scope.spawn(move || told.iter().for_each(|adt| sender.taken(adt)));
        let mut written = 0;
        while !messages.is_finished() {
            written += 1;
            let said =
                json!([{"op": "add", "path": "/serviceType", "value": {"text": format!("n{written}")}}]);
            let patched = client.send_text("PATCH", &path, "application/json-patch+json", said.to_string());
            assert_eq!(patched.status, 200, "{}", patched.text);
            let found = client.get(&path).ok();
            assert_eq!(found["serviceType"]["text"], format!("n{written}"));
        }
    });
    let found = client.get(&path).ok();
    assert_eq!(found["location"].as_array().map(Vec::len), Some(61), "{found}");
}
