//! The streams of `examples/stories`, with their instants filled in.
use chrono::{DateTime, Duration};

pub struct Story {
    pub title: &'static str,
    /// What Baton makes of it.
    pub outcome: &'static str,
    text: &'static str,
}

macro_rules! story {
    ($file:literal, $title:literal, $outcome:literal) => {
        Story {
            title: $title,
            outcome: $outcome,
            text: include_str!(concat!("../../../../../examples/stories/", $file)),
        }
    };
}

pub const STORIES: [Story; 6] = [
    story!(
        "heart-failure.hl7",
        "Emergency visit turned admission, discharged home with home health",
        "one stay, an episode with tasks, high risk"
    ),
    story!(
        "cancelled-discharge.hl7",
        "Discharged, then the discharge is cancelled",
        "episode and tasks retracted"
    ),
    story!(
        "readmission.hl7",
        "Admitted again twelve days after a discharge",
        "first episode closed as readmitted"
    ),
    story!(
        "died-at-home.hl7",
        "Death reported after the discharge",
        "outreach stopped"
    ),
    story!(
        "merged.hl7",
        "Discharged under a number that is then merged",
        "tasks follow the surviving patient"
    ),
    story!(
        "nursing-facility.hl7",
        "Discharged to a nursing facility",
        "no episode: that facility's discharge starts it"
    ),
];

impl Story {
    /// The messages in the order of the file; `now` in microseconds.
    pub fn messages(&self, run: &str, now: i64) -> Vec<String> {
        let text = fill(self.text, run, now);
        text.split("\n\n")
            .map(|message| message.trim().replace('\n', "\r") + "\r")
            .collect()
    }
}

/// Replaces `{run}`, `{-26h}` and `{-3d}`.
fn fill(text: &str, run: &str, now: i64) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (token, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(&value(token, run, now));
        rest = after;
    }
    filled + rest
}

fn value(token: &str, run: &str, now: i64) -> String {
    let number = |unit: char| token.strip_suffix(unit).and_then(|n| n.parse::<i64>().ok());
    let back = number('h')
        .map(Duration::hours)
        .or_else(|| number('d').map(Duration::days));
    let instant = back
        .zip(DateTime::from_timestamp_micros(now))
        .map(|(back, now)| now + back);
    instant.map_or_else(
        || run.to_owned(),
        |instant| instant.format("%Y%m%d%H%M%S+0000").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_348_800_000_000;

    #[test]
    fn instants_count_back_from_now() {
        assert_eq!(
            fill("a{-26h}b{-1d}c{run}d", "R", NOON),
            "a20261121100000+0000b20261121120000+0000cRd"
        );
    }

    #[test]
    fn every_message_parses() {
        for story in &STORIES {
            for message in story.messages("X", NOON) {
                assert!(
                    message.starts_with("MSH|") && !message.contains(['{', '}']),
                    "{}",
                    story.title
                );
            }
        }
    }
}
