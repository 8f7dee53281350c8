//! The discharge stream: each stay is an A01, an A08 and an A03 of a patient of its own.
use chrono::{DateTime, Duration, Utc};

pub const STEPS: usize = 3;

/// Message `step` (0 admit, 1 update, 2 discharge) of stay `stay`.
pub fn message(run: &str, stay: usize, step: usize, now: DateTime<Utc>) -> String {
    let event = ["A01", "A08", "A03"][step];
    let admitted = stamp(now - Duration::days(4));
    let at = now - Duration::hours([96, 40, 6][step]);
    let (stamp_at, discharged) = (stamp(at), if step == 2 { stamp(at) } else { String::new() });
    let disposition = if step == 2 { "01" } else { "" };
    let mut pv1 = vec![String::new(); 46];
    for (field, value) in [
        (0, "PV1"),
        (1, "1"),
        (2, "I"),
        (3, "4WEST^401^A"),
        (4, "E"),
        (7, "1234567893^Attend^Alex^^^^MD^^NPI"),
        (36, disposition),
        (44, &admitted),
        (45, &discharged),
    ] {
        pv1[field] = value.to_string();
    }
    pv1[19] = format!("V{run}{stay}");
    let pv1 = pv1.join("|");
    format!(
        "MSH|^~\\&|ADT1|GENERAL|BATON|BATON|{stamp_at}||ADT^{event}|{run}-{stay}-{step}|P|2.5.1\r\
         EVN|{event}|{stamp_at}||||{stamp_at}\r\
         PID|1||P{run}{stay}^^^GENERAL^MR||Sample^Robin^Q||19500214|F|||1 Main St^^Springfield^IL^62701\r\
         PD1||||1999999984^Primary^Pat^^^^MD^^NPI\r\
         {}\r\
         DG1|1||I50.9^Heart failure^I10|||F\r",
        pv1.trim_end_matches('|')
    )
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%d%H%M%S+0000").to_string()
}
