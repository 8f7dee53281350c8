//! When a task is due, with the arithmetic a person can check.
//!
//! Deadlines count from the discharge and never from when Baton heard of it.
use crate::calendar::Calendar;
use chrono::{Days, NaiveDate};

/// How an action says when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// End of the nth business day after the day of discharge.
    BusinessDays(u32),
    /// End of the nth calendar day after the day of discharge.
    Days(u32),
    /// Between so many hours after the discharge.
    Hours { from: u32, to: u32 },
    /// With another action of the protocol.
    By(String),
}

/// The instant all deadlines of an episode count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discharge {
    pub instant: i64,
    /// In the practice's zone.
    pub day: NaiveDate,
}

/// A due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Not before.
    pub start: Option<i64>,
    pub end: i64,
    /// The rule in words, such as `2 business days after discharge`.
    pub rule: String,
    pub arithmetic: String,
}

const HOUR: i64 = 3_600_000_000;

impl Rule {
    /// None for [`Rule::By`], which another deadline answers.
    pub fn deadline(&self, discharge: Discharge, calendar: &Calendar) -> Option<Deadline> {
        let (start, end, rule) = match self {
            Rule::BusinessDays(count) => {
                let last = calendar.business_days_after(discharge.day, *count);
                (
                    None,
                    calendar.end_of(last),
                    format!("{count} business days after discharge"),
                )
            }
            Rule::Days(count) => {
                let last = discharge.day + Days::new(u64::from(*count));
                (
                    None,
                    calendar.end_of(last),
                    format!("{count} calendar days after discharge"),
                )
            }
            Rule::Hours { from, to } => {
                let after = |hours: &u32| discharge.instant + i64::from(*hours) * HOUR;
                (
                    Some(after(from)),
                    after(to),
                    format!("{from} to {to} hours after discharge"),
                )
            }
            Rule::By(_) => return None,
        };
        let arithmetic = self.arithmetic(discharge, end, &rule, calendar);
        Some(Deadline {
            start,
            end,
            rule,
            arithmetic,
        })
    }

    fn arithmetic(&self, discharge: Discharge, end: i64, rule: &str, calendar: &Calendar) -> String {
        let mut text = format!("Discharged {}", discharge.day.format("%a %Y-%m-%d"));
        if let Rule::BusinessDays(_) = self {
            for (day, why) in calendar.skipped(discharge.day, calendar.date(end)) {
                text.push_str(&format!("; {} not counted ({why})", day.format("%a %Y-%m-%d")));
            }
        }
        text.push_str(&format!("; {rule} ends {}", calendar.date_time(end)));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_friday_discharge_is_due_at_the_end_of_tuesday() {
        let calendar = Calendar::new(chrono_tz::America::New_York, []);
        let day: NaiveDate = "2026-11-20".parse().unwrap();
        let discharge = Discharge {
            instant: calendar.start_of(day) + 15 * HOUR,
            day,
        };
        let due = Rule::BusinessDays(2).deadline(discharge, &calendar).unwrap();
        assert_eq!(calendar.date_time(due.end), "2026-11-24T23:59:59-05:00");
        assert_eq!(
            due.arithmetic,
            "Discharged Fri 2026-11-20; Sat 2026-11-21 not counted (weekend); Sun 2026-11-22 not counted \
             (weekend); 2 business days after discharge ends 2026-11-24T23:59:59-05:00"
        );
    }

    #[test]
    fn hours_are_a_window() {
        let calendar = Calendar::new(chrono_tz::America::New_York, []);
        let discharge = Discharge {
            instant: 0,
            day: calendar.date(0),
        };
        let due = Rule::Hours { from: 48, to: 72 }
            .deadline(discharge, &calendar)
            .unwrap();
        assert_eq!((due.start, due.end), (Some(48 * HOUR), 72 * HOUR));
    }
}
