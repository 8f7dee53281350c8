//! SIGTERM and SIGINT: somebody listens before the ready line says that the server may be stopped.
use actix_web::dev::ServerHandle;
use std::io;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks the process to end. Signals that come before anybody waits are kept.
#[cfg(unix)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl Signals {
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Where there are no signals: Ctrl-C.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    pub fn listen() -> io::Result<Signals> {
        tokio::signal::windows::ctrl_c().map(Signals)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

impl Signals {
    /// The first lets requests in flight finish, the second does not.
    pub async fn end(mut self, server: ServerHandle) {
        self.next().await;
        // Asked for at once; how it goes on is the server's to await.
        drop(server.stop(true));
        self.next().await;
        server.stop(false).await;
    }
}
