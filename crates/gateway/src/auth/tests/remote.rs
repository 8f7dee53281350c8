//! Keys by URL, from a partner's server that we are.
use super::support::*;
use crate::auth::client::{self, Credential};
use actix_web::{App, HttpResponse, HttpServer, web};
use jsonwebtoken::Algorithm;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// Serves whatever `answer` holds and counts how often it is asked.
struct KeyServer {
    url: String,
    asked: Arc<AtomicU32>,
    answer: Arc<Mutex<(u16, String)>>,
    handle: actix_web::dev::ServerHandle,
}

impl KeyServer {
    fn start(body: String) -> KeyServer {
        let (asked, answer) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new((200, body))));
        let (count, held) = (asked.clone(), answer.clone());
        let server = HttpServer::new(move || {
            let (count, held) = (count.clone(), held.clone());
            App::new().default_service(web::to(move || {
                count.fetch_add(1, Ordering::SeqCst);
                let (status, body) = held.lock().unwrap().clone();
                let status = actix_web::http::StatusCode::from_u16(status).unwrap();
                async move {
                    HttpResponse::build(status)
                        .insert_header(("Location", "http://127.0.0.1:1/"))
                        .body(body)
                }
            }))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        KeyServer {
            url,
            asked,
            answer,
            handle,
        }
    }
}

async fn gateway_for(keys: &KeyServer, allow_private: bool) -> (Gateway, String) {
    let gateway = Gateway::with(|config| config.tokens.allow_private_jwks = allow_private).await;
    let credential = Credential::JwksUrl(keys.url.clone());
    let (client, _) = client::add(
        &gateway.state.store,
        registration("HIE", "system/*.rs"),
        credential,
    )
    .await
    .unwrap();
    (gateway, client.id)
}

#[actix_web::test]
async fn keys_are_fetched_once_and_kept() {
    let keys = KeyServer::start(PARTNER.jwks().to_string());
    let (gateway, id) = gateway_for(&keys, true).await;
    let sign = |kid| PARTNER.sign(Algorithm::ES384, kid, &claims(&id));
    for _ in 0..3 {
        assert_eq!(gateway.assert_with(&sign("ec")).await.status, 200);
    }
    // An unknown kid does not make us ask for every attempt.
    for _ in 0..3 {
        gateway
            .assert_with(&sign("other"))
            .await
            .fails("invalid_client", "kid");
    }
    assert_eq!(keys.asked.load(Ordering::SeqCst), 1);
    keys.handle.stop(false).await;
}

#[actix_web::test]
async fn what_is_no_key_set_or_too_much_is_refused() {
    let cases = [
        (200, json!({ "keys": "none" }).to_string(), "JSON Web Key Set"),
        (
            200,
            format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(70_000)),
            "64 KiB",
        ),
        (404, String::new(), "404"),
        (302, String::new(), "302"),
    ];
    let keys = KeyServer::start(String::new());
    for (status, body, words) in cases {
        *keys.answer.lock().unwrap() = (status, body);
        let (gateway, id) = gateway_for(&keys, true).await;
        let assertion = PARTNER.sign(Algorithm::ES384, "ec", &claims(&id));
        gateway
            .assert_with(&assertion)
            .await
            .fails("invalid_client", words);
    }
    keys.handle.stop(false).await;
}

#[actix_web::test]
async fn our_own_network_is_not_asked_unless_allowed() {
    let keys = KeyServer::start(PARTNER.jwks().to_string());
    let (gateway, id) = gateway_for(&keys, false).await;
    let assertion = PARTNER.sign(Algorithm::ES384, "ec", &claims(&id));
    gateway
        .assert_with(&assertion)
        .await
        .fails("invalid_client", "https");
    assert_eq!(keys.asked.load(Ordering::SeqCst), 0);
    keys.handle.stop(false).await;
}
