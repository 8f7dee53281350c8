//! HL7 v2 over MLLP: frames on a long-lived TCP connection, answered on the same socket in order.
//! HL7 v2.5.1 appendix C; the framing itself is `hl7v2::mllp`. Over TLS where that is asked for.
use crate::edge;
use crate::ingest::hl7::{self, Arrival};
use crate::state::AppState;
use hl7v2::mllp::{Decoder, Output, encode};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

/// How long a client may take to read an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_SIZE: usize = 16 * 1024;

/// Serves until `shutdown` turns true, then lets every connection finish the message in hand.
pub async fn serve(
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
    state: AppState,
    shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(state.config.limits.mllp_connections));
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let mut connections = JoinSet::new();
    let mut stopping = shutdown.clone();
    loop {
        let accepted = tokio::select! {
            _ = stopped(&mut stopping) => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, most likely: others must end before more can come.
                tracing::warn!(%error, "an MLLP connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!("an MLLP connection was closed: all places are taken");
            continue;
        };
        let connection = Connection {
            state: state.clone(),
            shutdown: shutdown.clone(),
        };
        let tls = tls.clone();
        connections.spawn(async move {
            if let Err(error) = connection.begin(stream, tls).await {
                tracing::debug!(%error, "an MLLP connection ended");
            }
            drop(place);
        });
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // An error means that whoever could ask to stop is gone: the same.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

struct Connection {
    state: AppState,
    shutdown: watch::Receiver<bool>,
}

impl Connection {
    async fn begin(self, stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match tls {
            None => self.run(stream).await,
            Some(tls) => {
                let patience = Duration::from_secs(self.state.config.limits.client_seconds);
                let stream = timeout(patience, tls.accept(stream)).await??;
                self.run(stream).await
            }
        }
    }

    async fn run(mut self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let limits = &self.state.config.limits;
        // Counted from message to message: one byte now and then does not keep a place.
        let idle = Duration::from_secs(limits.mllp_idle_seconds);
        let mut deadline = Instant::now() + idle;
        let mut decoder = Decoder::new(limits.message);
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let read = tokio::select! {
                _ = stopped(&mut self.shutdown) => return stream.shutdown().await,
                read = timeout_at(deadline, stream.read(&mut buffer)) => read,
            };
            let size = match read {
                Ok(size) => size?,
                Err(_) => return stream.shutdown().await,
            };
            if size == 0 {
                return Ok(());
            }
            for output in decoder.push(&buffer[..size]) {
                let whole = matches!(output, Output::Frame(_));
                for answer in self.answers(output).await {
                    timeout(PATIENCE, stream.write_all(&encode(&answer))).await??;
                }
                if whole {
                    deadline = Instant::now() + idle;
                }
            }
        }
    }

    async fn answers(&self, output: Output) -> Vec<Vec<u8>> {
        let arrival = Arrival {
            channel: "mllp",
            request_id: edge::new_id(),
        };
        match output {
            Output::Frame(bytes) => hl7::receive(&self.state, bytes, arrival).await,
            Output::TooLarge(beginning) => hl7::too_large(&self.state, beginning, arrival).await,
            Output::Garbage(bytes) | Output::Interrupted(bytes) => {
                tracing::warn!(bytes, "bytes outside an MLLP frame were dropped");
                Vec::new()
            }
        }
    }
}
