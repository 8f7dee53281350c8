//! What describes and watches the server.
use crate::server::{Baton, send};
use reqwest::Method;

#[test]
fn the_capability_statement_is_valid_and_true() {
    let baton = Baton::start();
    let text = baton.get("/metadata").expect(200).text;
    let statement = fhir::Resource::parse(text.as_bytes()).expect("parses");
    let issues = fhir::validate::validate(&statement);
    assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
    assert_eq!(statement.value["fhirVersion"], "4.0.1");
    let served = statement.value["rest"][0]["resource"]
        .as_array()
        .expect("types")
        .len();
    assert_eq!(served, fhir::registry().types().len());
}

#[test]
fn operators_see_health_and_counts_without_patients() {
    let baton = Baton::start();
    baton.get("/Patient/secret-id?_format=json").expect(404);
    let root = |path: &str| {
        let url = baton.base.replace("/fhir", path);
        reqwest::blocking::get(url).expect("an answer")
    };
    assert_eq!(root("/healthz").status(), 200);
    assert_eq!(root("/readyz").status(), 200);
    let metrics = root("/metrics").text().expect("text");
    assert!(metrics.contains("route=\"/fhir/{type}/{id}\""), "{metrics}");
    assert!(metrics.contains("baton_http_request_seconds_bucket"), "{metrics}");
    assert!(!metrics.contains("secret-id"), "{metrics}");
    send(baton.request(Method::HEAD, "/metadata")).expect(200);
}
