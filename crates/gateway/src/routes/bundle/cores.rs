//! Work on many entries, spread over the cores.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Entries that one thread takes at a time; fewer in all are not worth a thread.
const SHARE: usize = 64;

/// What `work` makes of each number below `count`, in order.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(count / SHARE);
    if threads < 2 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut mine = Vec::new();
        loop {
            let from = next.fetch_add(SHARE, Ordering::Relaxed);
            if from >= count {
                return mine;
            }
            let done: Vec<T> = (from..count.min(from + SHARE)).map(&work).collect();
            mine.push((from, done));
        }
    };
    let mut shares: Vec<(usize, Vec<T>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let mut all = share();
        for other in others {
            match other.join() {
                Ok(mine) => all.extend(mine),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    shares.sort_by_key(|(from, _)| *from);
    shares.into_iter().flat_map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_their_order() {
        for count in [0, 1, 63, 129, 1_000] {
            let squares = super::each(count, |n| n * n);
            assert_eq!(squares, (0..count).map(|n| n * n).collect::<Vec<_>>());
        }
    }
}
