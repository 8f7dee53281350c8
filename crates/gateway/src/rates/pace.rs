//! A token bucket in one number: when it will be full again (the generic cell rate algorithm).
//! <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>
//!
//! Taking is one atomic exchange, so that the calls of a busy client cost nothing to others.
use std::sync::atomic::{AtomicI64, Ordering};

const SECOND: i64 = 1_000_000;
/// What would be full later than this after its time was filled before the clock was set back.
const SET_BACK: i64 = 60 * SECOND;

/// How fast a bucket fills, and how much is in it at most. In microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// From one drop to the next.
    every: i64,
    /// An empty bucket is full again after this.
    whole: i64,
}

impl Rate {
    /// `count` in so many seconds, `burst` of them at once; `None` when nothing is limited.
    pub fn new(count: u32, seconds: i64, burst: u32) -> Option<Rate> {
        let every = (seconds * SECOND).checked_div(i64::from(count))?.max(1);
        let whole = every * i64::from(burst.max(1));
        Some(Rate { every, whole })
    }
}

/// Begins full.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    full_at: AtomicI64,
}

/// Nothing is left; after so many seconds there is again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub u32);

impl Pace {
    pub fn new(rate: Rate) -> Pace {
        Pace {
            rate,
            full_at: AtomicI64::new(i64::MIN),
        }
    }

    /// Takes one, if there is one. `now` in microseconds.
    pub fn take(&self, now: i64) -> Result<(), Wait> {
        let mut held = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = self.after_one(held, now)?;
            let taken = self
                .full_at
                .compare_exchange_weak(held, next, Ordering::Relaxed, Ordering::Relaxed);
            match taken {
                Ok(_) => return Ok(()),
                Err(other) => held = other,
            }
        }
    }

    /// Whether there is one, without taking it.
    pub fn has(&self, now: i64) -> Result<(), Wait> {
        self.after_one(self.full_at.load(Ordering::Relaxed), now)
            .map(drop)
    }

    /// Nobody has taken any for so long that it may be forgotten.
    pub fn is_full(&self, now: i64) -> bool {
        self.full_at.load(Ordering::Relaxed) <= now
    }

    fn after_one(&self, full_at: i64, now: i64) -> Result<i64, Wait> {
        let from = match full_at > now + self.rate.whole + SET_BACK {
            true => now,
            false => full_at.max(now),
        };
        let next = from + self.rate.every;
        match next - now - self.rate.whole {
            missing if missing > 0 => Err(Wait(seconds(missing))),
            _ => Ok(next),
        }
    }
}

/// Rounded up: who waits so long is served.
fn seconds(micros: i64) -> u32 {
    u32::try_from((micros + SECOND - 1) / SECOND).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let pace = Pace::new(Rate::new(10, 1, 3).unwrap());
        let taken = |now: i64| pace.take(now).is_ok();
        assert!(taken(0) && taken(0) && taken(0) && !taken(0));
        assert!(!taken(99_999) && taken(100_000) && !taken(100_000));
        assert!(taken(500_000) && taken(500_000) && taken(500_000) && !taken(500_000));
    }

    #[test]
    fn who_waits_as_told_is_served() {
        let pace = Pace::new(Rate::new(1, 60, 1).unwrap());
        assert_eq!((pace.has(0), pace.take(0)), (Ok(()), Ok(())));
        assert_eq!((pace.has(1), pace.take(1)), (Err(Wait(60)), Err(Wait(60))));
        assert!(!pace.is_full(59 * SECOND) && pace.is_full(60 * SECOND));
        assert_eq!(pace.take(60 * SECOND), Ok(()));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let pace = Pace::new(Rate::new(1, 1, 2).unwrap());
        let late = 1_000_000 * SECOND;
        assert_eq!((pace.take(late), pace.take(late)), (Ok(()), Ok(())));
        assert_eq!(pace.has(0), Ok(()));
        assert_eq!((pace.take(0), pace.take(0)), (Ok(()), Ok(())));
        assert_eq!(pace.take(0), Err(Wait(1)));
        // Another thread's slightly older clock gains nothing.
        assert!(pace.take(-SECOND).is_err());
    }

    #[test]
    fn no_count_is_no_limit() {
        assert_eq!(Rate::new(0, 1, 5), None);
    }

    proptest! {
        /// In no stretch of time does more come out than was in it and ran into it.
        #[test]
        fn never_more_than_burst_and_rate(count in 1u32..1_000, burst in 1u32..50, steps in prop::collection::vec(0i64..200_000, 1..200)) {
            let pace = Pace::new(Rate::new(count, 1, burst).unwrap());
            let (mut now, mut taken) = (0, 0i64);
            for step in steps {
                now += step;
                taken += i64::from(pace.take(now).is_ok());
                let most = i64::from(burst) + now / (SECOND / i64::from(count)).max(1);
                prop_assert!(taken <= most, "{taken} of {most} at {now}");
            }
        }
    }
}
