//! No FHIR route answers without a token, save those the specifications want open.
use crate::server::{Baton, send};
use gateway::config::Auth;
use reqwest::Method;

const OPEN: [&str; 2] = ["/metadata", "/.well-known/smart-configuration"];

/// Every path under `/fhir`, as written in the sources.
fn routes() -> Vec<String> {
    let app = include_str!("../../src/app.rs");
    let generic = app.split("scope(\"/fhir\")").nth(1).expect("the scope");
    let special = [
        include_str!("../../src/routes/message.rs"),
        include_str!("../../src/routes/review.rs"),
    ];
    std::iter::once(generic)
        .chain(special)
        .flat_map(|source| source.split("resource(\"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_route_asks_for_a_token() {
    let baton = Baton::with(|config| config.auth = Auth::Required);
    let routes = routes();
    assert!(
        routes.len() >= 13 && routes.contains(&"/$process-message".to_owned()),
        "{routes:?}"
    );
    let mut answered = 0;
    for route in routes.iter().filter(|route| !OPEN.contains(&route.as_str())) {
        let path = route
            .replace("{type}", "Patient")
            .replace("{id}", "1")
            .replace("{version}", "1");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let answer = send(
                baton
                    .request(method.clone(), &path)
                    .header("content-type", "application/fhir+json")
                    .body("{}"),
            );
            match answer.status.as_u16() {
                405 => continue,
                status => assert_eq!(status, 401, "{method} {path}: {}", answer.text),
            }
            assert!(
                answer.header("www-authenticate").starts_with("Bearer"),
                "{method} {path}"
            );
            answer.issue();
            answered += 1;
        }
    }
    assert!(answered >= routes.len() - 1, "{answered} of {}", routes.len());
    baton.get("/metadata").expect(200);
}
