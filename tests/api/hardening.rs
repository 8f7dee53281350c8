//! What stands between the server and a hostile network.
mod cors;
mod headers;
mod logs;
mod rates;
mod seals;
mod tls;
