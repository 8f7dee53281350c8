//! For those who run Baton: is it alive, can it work, how does it do.
use crate::error::ApiError;
use crate::state::Hosts;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};
use fhir::IssueCode;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

/// `GET /healthz`: the process answers.
pub async fn live() -> impl Responder {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("ok\n")
}

/// `GET /readyz`: the database answers too, and so does every tenant's.
pub async fn ready(hosts: Data<Hosts>) -> Result<HttpResponse, ApiError> {
    for state in hosts.all() {
        if !state.store.is_ready() || state.store.ping().await.is_err() {
            return Err(unanswered());
        }
    }
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("ready\n"))
}

fn unanswered() -> ApiError {
    let text = "The database does not answer";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, text).header("Retry-After", "1")
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics() -> Result<HttpResponse, ApiError> {
    let Some(recorder) = recorder() else {
        return Err(ApiError::not_found(
            "Another metrics recorder is installed in this process",
        ));
    };
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(recorder.render()))
}

/// Seconds; from a cached read to a large transaction.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The process-wide recorder, installed on first use.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let latency = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(latency, &BUCKETS)
            .ok()?;
        builder.install_recorder().ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Starts measuring. Samples are folded into buckets every few seconds, whether or not anybody
/// scrapes, so that memory stays bounded.
pub async fn measure() {
    let Some(recorder) = recorder() else { return };
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        recorder.run_upkeep();
    }
}
