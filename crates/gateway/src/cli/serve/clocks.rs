//! What goes on beside requests, for each organisation: keys, deadlines, edited protocols, new
//! bases, search parameters being indexed.
use crate::reaction::{self, Coordination};
use crate::state::AppState;
use crate::{audit, edge, reindex};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const TICK: Duration = Duration::from_secs(60);
/// How soon an edit of a protocol is noticed.
const GLANCE: Duration = Duration::from_secs(1);

/// What goes on in the background for one organisation.
pub fn start(state: &AppState) -> [JoinHandle<()>; 7] {
    [
        actix_web::rt::spawn(state.auth.clone().keep_fresh()),
        actix_web::rt::spawn(tick(state.clone())),
        actix_web::rt::spawn(follow_edits(state.clone())),
        actix_web::rt::spawn(follow_bases(state.clone())),
        actix_web::rt::spawn(reindex::tend(state.clone())),
        actix_web::rt::spawn(audit::seal::tend(state.clone())),
        actix_web::rt::spawn(audit::seal::retain(state.clone())),
    ]
}

/// Clocks of the coordination; any number of gateways may run this.
async fn tick(state: AppState) {
    let coordination = Arc::new(Coordination::new(&state.config.practice));
    loop {
        tokio::time::sleep(TICK).await;
        match reaction::close_due_tick(&state.store, &coordination, edge::now()).await {
            Ok(0) => {}
            Ok(closed) => tracing::info!(closed, "episodes came to their end"),
            Err(error) => tracing::error!(%error, "episodes could not be closed; tried again in a minute"),
        }
    }
}

/// Carries edits of protocols to what runs; any number of gateways may run this.
async fn follow_edits(state: AppState) {
    let coordination = Arc::new(Coordination::new(&state.config.practice));
    loop {
        let pause = match reaction::reconsider_page(&state.store, &coordination, edge::now()).await {
            Ok(true) => continue,
            Ok(false) => GLANCE,
            Err(error) => {
                tracing::error!(%error, "an edited protocol waits to be applied; tried again in a minute");
                TICK
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Learns under which bases others serve the same database; any number of gateways may run this.
async fn follow_bases(state: AppState) {
    loop {
        let pause = match state.store.follow_bases(edge::now()).await {
            Ok(true) => continue,
            Ok(false) => GLANCE,
            Err(error) => {
                tracing::error!(%error, "references to a new base wait to be indexed; tried again in a minute");
                TICK
            }
        };
        tokio::time::sleep(pause).await;
    }
}
