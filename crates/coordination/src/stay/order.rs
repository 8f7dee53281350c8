//! The one order of events: when it happened, then when it was entered. Receipt plays no part.
use fhir::event::Event;
use std::cmp::Ordering;

/// Sorted, each event once.
pub fn sorted(events: &[Event]) -> Vec<&Event> {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by(|a, b| compare(a, b));
    events.dedup_by(|a, b| a == b);
    events
}

fn compare(a: &Event, b: &Event) -> Ordering {
    let plain = |event: &Event| (event.occurred, event.recorded, event.trigger);
    plain(a)
        .cmp(&plain(b))
        .then_with(|| a.source.cmp(&b.source))
        // Rare: two different statements of one source about one instant.
        .then_with(|| a.fingerprint().cmp(&b.fingerprint()))
}
