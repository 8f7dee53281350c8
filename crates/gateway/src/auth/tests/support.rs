//! A gateway with nothing but the OAuth routes and one protected route, and a partner with keys.
use crate::auth::{Access, Authority, Caller, client, routes};
use crate::config::Config;
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use fhir::TypeId;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use store::commit::NoReaction;
use store::{Store, StoreConfig};

pub const BASE: &str = "https://baton.example";
pub const TOKEN_URL: &str = "https://baton.example/oauth/token";

/// A folder with a database that goes away with the value.
pub struct Folder(std::path::PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("baton-auth-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn store(&self) -> Store {
        let url = format!("sqlite://{}/baton.db", self.0.display());
        let settings = StoreConfig {
            url,
            connections: 1,
            enforced: None,
            search_seconds: 60,
            wait_seconds: 15,
        };
        Store::open(&settings, Arc::new(NoReaction)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Gateway {
    pub state: AppState,
    _folder: Option<Folder>,
}

pub fn registration(name: &str, scope: &str) -> client::Registration {
    client::Registration {
        name: name.into(),
        scope: scope.into(),
        ..client::Registration::default()
    }
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts an OAuth error whose description holds the words.
    pub fn fails(&self, error: &str, words: &str) {
        assert_eq!(self.body["error"], error, "{}", self.body);
        let description = self.body["error_description"].as_str().unwrap();
        assert!(description.contains(words), "{words:?} in {description:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert!(self.body.get("access_token").is_none());
    }
}

impl Gateway {
    pub async fn new() -> Gateway {
        Gateway::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Gateway {
        let folder = Folder::new();
        let store = folder.store();
        let mut gateway = Gateway::on(store, change).await;
        gateway._folder = Some(folder);
        gateway
    }

    pub async fn on(store: Store, change: impl FnOnce(&mut Config)) -> Gateway {
        let mut config = Config {
            public_url: BASE.into(),
            ..Config::default()
        };
        change(&mut config);
        let auth = Authority::open(&store, &config).await.unwrap();
        Gateway {
            state: AppState::new(store, Arc::new(config), auth),
            _folder: None,
        }
    }

    pub async fn send(&self, request: TestRequest) -> Reply {
        let data = web::Data::new(self.state.clone());
        let app = App::new()
            .app_data(data)
            .configure(routes::configure)
            .route("/probe", web::get().to(probe));
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        Reply {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(TestRequest::post().uri(path).set_form(fields)).await
    }

    /// The route that needs Patient.r.
    pub async fn probe(&self, token: &str) -> Reply {
        self.send(
            TestRequest::get()
                .uri("/probe")
                .insert_header(("Authorization", format!("Bearer {token}"))),
        )
        .await
    }

    pub async fn secret_client(&self, scope: &str) -> (String, String) {
        let added = client::add(
            &self.state.store,
            registration("EHR", scope),
            client::Credential::Secret,
        )
        .await
        .unwrap();
        (added.0.id, added.1.unwrap())
    }

    pub async fn token(&self, id: &str, secret: &str, scope: &str) -> String {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", scope),
        ];
        let reply = self.form("/oauth/token", &fields).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["access_token"].as_str().unwrap().to_owned()
    }

    /// A client that proves itself with the keys.
    pub async fn key_client(&self, keys: &Value) -> String {
        let credential = client::Credential::Jwks(keys.to_string());
        client::add(&self.state.store, registration("HIE", "system/*.rs"), credential)
            .await
            .unwrap()
            .0
            .id
    }

    pub async fn assert_with(&self, assertion: &str) -> Reply {
        self.form(
            "/oauth/token",
            &[
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion),
                ("scope", "system/Patient.r"),
            ],
        )
        .await
    }
}

async fn probe(caller: Caller) -> Result<HttpResponse, ApiError> {
    caller.require(TypeId::of("Patient").unwrap(), Access::Read)?;
    Ok(HttpResponse::Ok().json(json!({ "client": caller.client_id })))
}

/// A partner's private keys; making them takes a moment, so there is one pair for all tests.
pub struct Partner {
    pub rsa: EncodingKey,
    pub ec: EncodingKey,
}

/// jsonwebtoken takes RSA keys in PKCS#1, which PKCS#8 wraps in a head of fixed size.
const PKCS8_HEAD: usize = 26;

pub static PARTNER: LazyLock<Partner> = LazyLock::new(|| {
    use aws_lc_rs::{rand::SystemRandom, rsa, signature};
    let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der = rsa.as_der().unwrap();
    let algorithm = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;
    let ec = signature::EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    Partner {
        rsa: EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_HEAD..]),
        ec: EncodingKey::from_ec_der(ec.as_ref()),
    }
});

impl Partner {
    pub fn key(&self, algorithm: Algorithm) -> &EncodingKey {
        match algorithm {
            Algorithm::ES384 => &self.ec,
            _ => &self.rsa,
        }
    }

    pub fn jwk(&self, algorithm: Algorithm, kid: &str) -> Value {
        let mut jwk = Jwk::from_encoding_key(self.key(algorithm), algorithm).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk(Algorithm::RS384, "rsa"), self.jwk(Algorithm::ES384, "ec")] })
    }

    pub fn sign(&self, algorithm: Algorithm, kid: &str, claims: &Value) -> String {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, claims, self.key(algorithm)).unwrap()
    }
}

pub fn seconds() -> i64 {
    edge::now() / 1_000_000
}

/// Right in every respect; tests spoil one.
pub fn claims(client_id: &str) -> Value {
    let now = seconds();
    json!({ "iss": client_id, "sub": client_id, "aud": TOKEN_URL, "exp": now + 240, "iat": now, "jti": edge::new_id() })
}
