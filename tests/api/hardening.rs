//! What stands between the server and a hostile network.
mod headers;
mod rates;
mod seals;
mod tls;
