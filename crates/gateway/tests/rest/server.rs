//! A Baton of its own per test, in this process, on a free port.
use gateway::auth::Authority;
use gateway::config::{Auth, Config};
use gateway::state::AppState;
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use store::{NoReaction, Store, StoreConfig};

pub struct Baton {
    /// With `/fhir`.
    pub base: String,
    client: Client,
    folder: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The first issue of an OperationOutcome, which an error must be.
    #[track_caller]
    pub fn issue(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/fhir+json",
            "{}",
            self.text
        );
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{}", self.text);
        outcome["issue"][0].clone()
    }
}

impl Baton {
    pub fn start() -> Baton {
        Baton::with(|_| {})
    }

    /// With settings changed.
    pub fn with(change: impl FnOnce(&mut Config)) -> Baton {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("baton-rest-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut config = Config {
            auth: Auth::Disabled,
            ..Config::default()
        };
        config.database = format!("sqlite://{}/baton.db", folder.display());
        config.bound(listener.local_addr().expect("bound"));
        change(&mut config);
        let base = config.fhir_base();
        let (ready, wait) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let state = open(config).await;
                ready.send(()).expect("the test waits");
                let server = gateway::app::start(state.into(), listener, None).expect("started");
                server.await.expect("served");
            });
        });
        wait.recv().expect("started");
        let client = Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Baton { base, client, folder }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        send(fhir(self.request(Method::POST, path), body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        send(fhir(self.request(Method::PUT, path), body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path))
    }
}

impl Drop for Baton {
    fn drop(&mut self) {
        // The server's thread ends with the process; an open database file may be unlinked.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn open(config: Config) -> AppState {
    let settings = StoreConfig {
        url: config.database.clone(),
        connections: 2,
        enforced: None,
        search_seconds: 60,
        wait_seconds: 15,
    };
    let store = Store::open(&settings, Arc::new(NoReaction)).expect("the store opens");
    let auth = Authority::open(&store, &config).await.expect("keys");
    AppState::new(store, Arc::new(config), auth)
}

pub fn fhir(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request
        .header("content-type", "application/fhir+json")
        .body(body.to_string())
}

pub fn send(request: RequestBuilder) -> Answer {
    let response = request.send().expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer {
        status,
        headers,
        text: response.text().expect("a body"),
    }
}
