//! What messages said is kept packed, and what was kept before it was is read all the same.
mod support;

use fhir::event::{Event, encounter_id};
use serde_json::json;
use store::Store;
use store::events::EventRow;
use support::{Database, lines, run};

/// The migration that packs.
const PACKED: &str = "20261130000100";

fn event(recorded: i64) -> Event {
    let key = |value: &str| json!({"system": "urn:baton:authority:GENERAL", "value": value});
    let said = json!({
        "trigger": "admit", "occurred": 1, "recorded": recorded, "source": "general",
        "stay": key("V1"), "prior_stay": null, "patient": key("P1"), "aliases": [key("P1")], "merged": null,
        "person": {"name": [{"family": "Müller"}], "birthDate": null},
        "encounter": {"class": {"code": "IMP"}, "type": vec![json!({"text": "Emergency"}); 40]},
        "related": []
    });
    serde_json::from_value(said).expect("an event")
}

fn keep(store: &Store, event: &Event) -> bool {
    let row = EventRow::of("message", event).expect("a row");
    run(store.write(move |tx| tx.keep_event(&row))).expect("kept")
}

fn told(store: &Store, event: &Event) -> Vec<Event> {
    let stays = vec![encounter_id(event.stay.as_ref().expect("a stay"))];
    run(store.write(move |tx| Ok(tx.events_of_stays(&stays)?.to_vec()))).expect("read")
}

/// Puts the table back to what it was before.
fn unpack(database: &Database, text: &str) {
    if let Database::Postgres { .. } = database {
        database.execute("ALTER TABLE event ALTER COLUMN body TYPE TEXT USING ''");
    }
    database.execute(&format!("UPDATE event SET body = '{text}'"));
    database.execute(&format!(
        "DELETE FROM __diesel_schema_migrations WHERE version = '{PACKED}'"
    ));
}

#[test]
fn an_event_is_packed_and_one_from_before_is_read() {
    for database in Database::each() {
        let (first, second) = (event(1), event(2));
        let text = serde_json::to_string(&first).expect("JSON");
        let store = database.open();
        assert!(keep(&store, &first) && !keep(&store, &first));
        let length = lines(&database, "SELECT CAST(length(body) AS TEXT) AS line FROM event");
        assert!(length[0].parse::<usize>().expect("a number") < text.len() / 4);
        assert_eq!(told(&store, &first), std::slice::from_ref(&first));
        store.close();

        unpack(&database, &text);
        let store = database.open();
        assert!(!keep(&store, &first) && keep(&store, &second));
        let mut all = told(&store, &first);
        all.sort_by_key(|event| event.recorded);
        assert_eq!(all, [first, second]);
        store.close();
    }
}
