//! The doors messages come by: HL7 v2 over HTTP and `$process-message`. What is answered, what is
//! kept, what a person gets to look at.
mod answers;
mod notifications;
mod reading;
mod repeats;
mod review;

use crate::support::Reply;

/// A field of the first such segment of an acknowledgement, counted as HL7 v2 counts.
fn field(answer: &Reply, segment: &str, number: usize) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let line = answer.text.split('\r').find(|line| line.starts_with(segment));
    let line = line.unwrap_or_else(|| panic!("{segment} in {}", answer.text));
    let number = if segment == "MSH" { number - 1 } else { number };
    line.split('|').nth(number).unwrap_or_default().to_owned()
}
