//! Reading threads: searches, histories, and whatever else reads more than one row.
use crate::Tx;
use crate::conn::Engine;
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::reply::Along;
use crate::turns::Lent;
use crate::watch;
use crossbeam_channel::Receiver;
use std::sync::Weak;

/// Reading that is no point read.
pub(crate) struct Look {
    pub(crate) job: Box<dyn Job>,
    /// Whether all its statements must see one state of the database.
    pub(crate) snapshot: bool,
    /// Gone when nobody waits.
    pub(crate) caller: Weak<()>,
}

/// Until the queue is closed and empty.
pub(crate) fn run(line: Line, engine: Engine, looks: Receiver<Look>) {
    while let Ok(next) = looks.recv() {
        look(&line, engine, next);
    }
}

fn look(line: &Line, engine: Engine, look: Look) {
    let Look {
        job,
        snapshot,
        caller,
    } = look;
    let Some(mut job) = jobs::due(job, line.shared.patience) else {
        return;
    };
    watch::works_for(Some(caller));
    let end = match (snapshot, engine) {
        (true, Engine::Sqlite) => line.transact(&mut *job, "BEGIN"),
        (true, Engine::Postgres) => {
            line.transact(&mut *job, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        (false, _) => line.once(|conn, shared| jobs::run(&mut *job, &mut Tx::new(Lent::Own(conn), shared))),
    };
    watch::works_for(None);
    job.answer(end, Along::default());
}
