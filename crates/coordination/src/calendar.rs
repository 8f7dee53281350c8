//! Days as the practice counts them: its time zone, weekends, US federal and its own holidays.
//!
//! Contact within two business days means Monday to Friday except holidays, whatever the office
//! hours (CMS, transitional care management). Federal holidays follow 5 U.S.C. 6103: one that
//! falls on Saturday is observed on Friday, on Sunday on Monday.
use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use mapping::Moment;
use std::collections::BTreeSet;

/// The practice's calendar.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub zone: Tz,
    /// Closed besides the federal holidays.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    pub fn new(zone: Tz, holidays: impl IntoIterator<Item = NaiveDate>) -> Calendar {
        Calendar {
            zone,
            holidays: holidays.into_iter().collect(),
        }
    }

    /// Named in every deadline.
    pub fn name(&self) -> &'static str {
        if self.holidays.is_empty() {
            "us-federal"
        } else {
            "us-federal and practice holidays"
        }
    }

    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
            && federal_holiday(day).is_none()
            && !self.holidays.contains(&day)
    }

    /// The `count`th business day after `day`, which itself is not counted.
    pub fn business_days_after(&self, day: NaiveDate, count: u32) -> NaiveDate {
        let mut left = count;
        let mut day = day;
        while left > 0 {
            day = day + Days::new(1);
            if self.is_business_day(day) {
                left -= 1;
            }
        }
        day
    }

    /// Days strictly after `from` up to `to` that are not counted, each with why.
    pub fn skipped(&self, from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, &'static str)> {
        from.iter_days()
            .skip(1)
            .take_while(|day| *day <= to)
            .filter_map(|day| self.closed(day).map(|why| (day, why)))
            .collect()
    }

    fn closed(&self, day: NaiveDate) -> Option<&'static str> {
        match day.weekday() {
            Weekday::Sat | Weekday::Sun => Some("weekend"),
            _ if self.holidays.contains(&day) => Some("practice holiday"),
            _ => federal_holiday(day),
        }
    }

    /// The practice's date at an instant.
    pub fn date(&self, micros: i64) -> NaiveDate {
        self.local(micros).date_naive()
    }

    /// The first instant of a day.
    pub fn start_of(&self, day: NaiveDate) -> i64 {
        let midnight = day.and_time(NaiveTime::MIN);
        // Where clocks skip midnight the day begins an hour later.
        (0..=3)
            .find_map(|hours| {
                self.zone
                    .from_local_datetime(&(midnight + Duration::hours(hours)))
                    .earliest()
            })
            .map_or_else(
                || midnight.and_utc().timestamp_micros(),
                |start| start.timestamp_micros(),
            )
    }

    /// The last second of a day.
    pub fn end_of(&self, day: NaiveDate) -> i64 {
        self.start_of(day + Days::new(1)) - 1_000_000
    }

    /// A whole day begins with it.
    pub fn instant(&self, moment: &Moment) -> Option<i64> {
        match moment {
            Moment::Instant(micros) => Some(*micros),
            Moment::Day(day) => day.parse().ok().map(|day| self.start_of(day)),
        }
    }

    /// A FHIR dateTime with the practice's offset.
    pub fn date_time(&self, micros: i64) -> String {
        self.local(micros).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn local(&self, micros: i64) -> DateTime<Tz> {
        DateTime::from_timestamp_micros(micros)
            .unwrap_or_default()
            .with_timezone(&self.zone)
    }
}

/// The federal holiday observed on that day.
pub fn federal_holiday(day: NaiveDate) -> Option<&'static str> {
    let next_year = day.year() + 1;
    holidays_of(day.year())
        .into_iter()
        .chain(holidays_of(next_year).into_iter().take(1))
        .find(|(holiday, _)| observed(*holiday) == day)
        .map(|(_, name)| name)
}

fn observed(holiday: NaiveDate) -> NaiveDate {
    match holiday.weekday() {
        Weekday::Sat => holiday - Days::new(1),
        Weekday::Sun => holiday + Days::new(1),
        _ => holiday,
    }
}

/// New Year's Day first: the next year's may be observed in this one.
fn holidays_of(year: i32) -> Vec<(NaiveDate, &'static str)> {
    let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = nth(5, Weekday::Mon, 5).or(nth(5, Weekday::Mon, 4));
    let days = [
        (fixed(1, 1), "New Year's Day"),
        (nth(1, Weekday::Mon, 3), "Birthday of Martin Luther King, Jr."),
        (nth(2, Weekday::Mon, 3), "Washington's Birthday"),
        (last_monday_of_may, "Memorial Day"),
        (fixed(6, 19), "Juneteenth"),
        (fixed(7, 4), "Independence Day"),
        (nth(9, Weekday::Mon, 1), "Labor Day"),
        (nth(10, Weekday::Mon, 2), "Columbus Day"),
        (fixed(11, 11), "Veterans Day"),
        (nth(11, Weekday::Thu, 4), "Thanksgiving Day"),
        (fixed(12, 25), "Christmas Day"),
    ];
    days.into_iter()
        .filter_map(|(day, name)| Some((day?, name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn practice() -> Calendar {
        Calendar::new(chrono_tz::America::Chicago, [])
    }

    #[test]
    fn two_business_days_over_a_weekend_and_thanksgiving() {
        assert_eq!(
            practice().business_days_after(day("2026-11-20"), 2),
            day("2026-11-24")
        );
        assert_eq!(
            practice().business_days_after(day("2026-11-25"), 2),
            day("2026-11-30")
        );
    }

    #[test]
    fn holidays_are_observed_on_the_nearest_weekday() {
        assert_eq!(federal_holiday(day("2026-07-03")), Some("Independence Day"));
        assert_eq!(federal_holiday(day("2027-12-31")), Some("New Year's Day"));
        assert_eq!(federal_holiday(day("2022-06-20")), Some("Juneteenth"));
        assert_eq!(federal_holiday(day("2026-05-25")), Some("Memorial Day"));
        assert_eq!(federal_holiday(day("2021-05-31")), Some("Memorial Day"));
        assert_eq!(federal_holiday(day("2026-11-27")), None);
    }

    #[test]
    fn a_day_ends_in_the_zone_of_the_practice_across_clock_changes() {
        let practice = practice();
        assert_eq!(
            practice.date_time(practice.end_of(day("2026-10-31"))),
            "2026-10-31T23:59:59-05:00"
        );
        assert_eq!(
            practice.date_time(practice.end_of(day("2026-11-01"))),
            "2026-11-01T23:59:59-06:00"
        );
    }

    #[test]
    fn the_practice_may_close_on_more_days() {
        let calendar = Calendar::new(chrono_tz::America::Chicago, [day("2026-11-27")]);
        assert_eq!(
            calendar.business_days_after(day("2026-11-25"), 1),
            day("2026-11-30")
        );
        let skipped: Vec<_> = calendar
            .skipped(day("2026-11-25"), day("2026-11-30"))
            .into_iter()
            .map(|(_, why)| why)
            .collect();
        assert_eq!(
            skipped,
            ["Thanksgiving Day", "practice holiday", "weekend", "weekend"]
        );
    }
}
