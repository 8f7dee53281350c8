//! Sockets: bound before anything is said to be ready.
use super::super::Failure;
use crate::state::AppState;
use std::net::SocketAddr;

const BACKLOG: u32 = 1_024;

/// A listener for the messages of one organisation.
pub struct Mllp {
    pub listener: tokio::net::TcpListener,
    pub bound: SocketAddr,
    pub state: AppState,
}

impl Mllp {
    pub async fn bind(state: &AppState) -> Result<Option<Mllp>, Failure> {
        let Some(address) = &state.config.mllp else {
            return Ok(None);
        };
        let listener = bind("mllp", address).await?;
        let (bound, state) = (listener.local_addr()?, state.clone());
        Ok(Some(Mllp {
            listener,
            bound,
            state,
        }))
    }
}

/// A longer queue than the standard library's, for partners that connect all at once.
pub async fn bind(key: &str, address: &str) -> Result<tokio::net::TcpListener, Failure> {
    let failed = |e: std::io::Error| {
        Failure::of(format!(
            "{key}: cannot listen on {address}: {e}; --{key} or BATON_{} names another address",
            key.to_uppercase()
        ))
    };
    let resolved = tokio::net::lookup_host(address).await.map_err(failed)?.next();
    let resolved = resolved.ok_or_else(|| Failure::usage(format!("{key}: {address} has no address")))?;
    let socket = match resolved {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
    };
    let listen = |socket: tokio::net::TcpSocket| {
        socket.set_reuseaddr(true)?;
        socket.bind(resolved)?;
        socket.listen(BACKLOG)
    };
    socket.and_then(listen).map_err(failed)
}
