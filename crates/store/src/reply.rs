//! Answers on their way from a thread of the store to those who wait.
//!
//! A thread that answers another one wakes it, and whoever is woken is likely to go on at once in its
//! place: with an answer for each of a group, it would be put aside as often as the group is large, and
//! the woken one would go to sleep after each. So of those who wait on one thread only the first is
//! answered from here, and takes along what is there for the others: they are answered by whoever drops
//! that, which is their own thread, where it costs next to nothing.
use crate::StoreError;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Answer<T> = Result<T, StoreError>;

/// Who waits for an answer.
pub(crate) struct Asker<T> {
    to: oneshot::Sender<(Answer<T>, Along)>,
    thread: ThreadId,
    since: Instant,
}

/// The answer, once it is there.
pub(crate) struct Reply<T>(oneshot::Receiver<(Answer<T>, Along)>);

/// For who waits on this thread.
pub(crate) fn channel<T>() -> (Asker<T>, Reply<T>) {
    let (to, reply) = oneshot::channel();
    let (thread, since) = (thread::current().id(), Instant::now());
    (Asker { to, thread, since }, Reply(reply))
}

impl<T: Send + 'static> Asker<T> {
    /// Nobody waits any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.to.is_closed()
    }

    /// Since it was asked for.
    pub(crate) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    pub(crate) fn thread(&self) -> ThreadId {
        self.thread
    }

    /// The asker may have gone away; then what goes along is dropped, and so given, here.
    pub(crate) fn answer(self, answer: Answer<T>, along: Along) {
        let _ = self.to.send((answer, along));
    }

    /// For one of a group.
    pub(crate) fn ready(self, answer: Answer<T>) -> Ready {
        Ready {
            thread: self.thread,
            give: Box::new(move |along| self.answer(answer, along)),
        }
    }
}

impl<T> Reply<T> {
    /// Of a store that ends it is refused.
    pub(crate) async fn answer(self) -> Answer<T> {
        match self.0.await {
            // Before the answer is worked on the others have theirs.
            Ok((answer, along)) => {
                drop(along);
                answer
            }
            Err(_) => Err(StoreError::Busy),
        }
    }
}

/// An answer that is ready to be given, to a thread.
pub(crate) struct Ready {
    pub(crate) thread: ThreadId,
    pub(crate) give: Box<dyn FnOnce(Along) + Send>,
}

/// Answers for others on the same thread. Dropped it gives them, so none is lost.
#[derive(Default)]
pub(crate) struct Along(Vec<Ready>);

impl Drop for Along {
    fn drop(&mut self) {
        for ready in self.0.drain(..) {
            (ready.give)(Along::default());
        }
    }
}

/// Wakes each thread once.
pub(crate) fn give(group: impl IntoIterator<Item = Ready>) {
    let mut threads: Vec<Vec<Ready>> = Vec::new();
    for ready in group {
        match threads.iter_mut().find(|of| of[0].thread == ready.thread) {
            Some(of) => of.push(ready),
            None => threads.push(vec![ready]),
        }
    }
    for mut of in threads {
        if let Some(first) = of.pop() {
            (first.give)(Along(of));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<T>(reply: Reply<T>) -> Poll<Answer<T>> {
        pin!(reply.answer()).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Answers of a group, and the replies to be asked for them.
    fn group(numbers: std::ops::Range<i32>) -> (Vec<Ready>, Vec<Reply<i32>>) {
        numbers
            .map(|number| {
                let (asker, reply) = channel();
                (asker.ready(Ok(number)), reply)
            })
            .unzip()
    }

    #[test]
    fn the_others_are_answered_by_the_first_that_looks() {
        let (ready, mut replies) = group(0..3);
        give(ready);
        let last = replies.pop().expect("three");
        assert!(replies.iter_mut().all(|reply| reply.0.try_recv().is_err()));
        assert!(matches!(poll(last), Poll::Ready(Ok(2))));
        let found: Vec<_> = replies.into_iter().map(poll).collect();
        assert!(matches!(found[..], [Poll::Ready(Ok(0)), Poll::Ready(Ok(1))]));
    }

    #[test]
    fn whoever_goes_away_takes_no_answer_along() {
        for gone_before in [true, false] {
            let (ready, mut replies) = group(0..3);
            let last = replies.pop();
            if gone_before {
                drop(last);
                give(ready);
            } else {
                give(ready);
                drop(last);
            }
            let found: Vec<_> = replies.into_iter().map(poll).collect();
            assert!(matches!(found[..], [Poll::Ready(Ok(0)), Poll::Ready(Ok(1))]));
        }
    }

    #[test]
    fn each_thread_has_its_own_first() {
        let (mut ready, mut replies) = group(0..2);
        let (others, mut their) = thread::spawn(|| group(2..4)).join().expect("a group");
        ready.extend(others);
        give(ready);
        assert!(replies[0].0.try_recv().is_err());
        assert!(replies[1].0.try_recv().is_ok());
        assert!(their[1].0.try_recv().is_ok());
    }
}
