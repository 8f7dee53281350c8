//! The SMART app that somebody tries against the sandbox. It is registered as a stranger's would be: public,
//! on an origin of its own, so that CORS, CSP and redirect URIs count as they do anywhere.
use super::Failure;
use crate::auth::client::{self, Credential, Registration};
use crate::state::AppState;
use actix_files::Files;
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;
use std::net::TcpListener;
use std::path::PathBuf;
use tokio::task::JoinHandle;

/// Whatever an app of a person may ask for: what it needs is for its developer to find out here.
const SCOPE: &str = "openid fhirUser launch launch/patient launch/encounter online_access offline_access \
    patient/*.cruds user/*.cruds";

pub enum Place {
    Folder(PathBuf, TcpListener),
    /// Where its developer serves it.
    Url(String),
}

impl Place {
    pub fn open(app: &str, listen: &str) -> Result<Place, Failure> {
        if app.contains("://") {
            client::check_redirect_uri(app).map_err(Failure::usage)?;
            return Ok(Place::Url(app.to_owned()));
        }
        let folder = PathBuf::from(app);
        if !folder.join("index.html").is_file() {
            let text = format!("app: {app} is no address, and no folder with an index.html");
            return Err(Failure::usage(text));
        }
        let listener = TcpListener::bind(listen);
        let failed = |e| {
            Failure::of(format!(
                "app: cannot listen on {listen}: {e}; --app-listen names another address"
            ))
        };
        Ok(Place::Folder(folder, listener.map_err(failed)?))
    }

    /// Browsers take 127.0.0.1 and localhost for two.
    fn addresses(&self) -> Result<Vec<String>, Failure> {
        match self {
            Place::Url(url) => Ok(vec![url.clone()]),
            Place::Folder(_, listener) => {
                let bound = listener.local_addr()?;
                let names = [bound.to_string(), format!("localhost:{}", bound.port())];
                Ok(names.map(|name| format!("http://{name}/")).into())
            }
        }
    }

    pub async fn register(self, state: &AppState) -> Result<Registered, Failure> {
        let addresses = self.addresses()?;
        let registration = Registration {
            name: "Care plan app".into(),
            scope: SCOPE.into(),
            grant_types: client::APP.into(),
            redirect_uris: addresses.join(" "),
            launch_url: addresses.first().cloned(),
            organization: None,
        };
        registration.check(true).map_err(Failure::usage)?;
        let (client, _) = client::add(&state.store, registration, Credential::Public).await?;
        Ok(Registered {
            place: self,
            addresses,
            client_id: client.id,
            iss: state.config.fhir_base(),
        })
    }
}

pub struct Registered {
    place: Place,
    addresses: Vec<String>,
    pub client_id: String,
    iss: String,
}

impl Registered {
    pub fn url(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    /// Whether its developer has to tell it the server and its client_id.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.place, Place::Url(_))
    }

    /// Nothing, where its developer serves it.
    pub fn serve(&self) -> Result<Option<JoinHandle<std::io::Result<()>>>, Failure> {
        let Place::Folder(folder, listener) = &self.place else {
            return Ok(None);
        };
        let (folder, config) = (
            folder.clone(),
            json!({ "iss": self.iss, "clientId": self.client_id }),
        );
        let server = HttpServer::new(move || {
            let config = config.clone();
            App::new()
                .wrap(
                    DefaultHeaders::new()
                        .add(("Cache-Control", "no-store"))
                        .add(("X-Content-Type-Options", "nosniff")),
                )
                .route(
                    "/config.json",
                    web::get().to(move || std::future::ready(HttpResponse::Ok().json(&config))),
                )
                .service(Files::new("/", &folder).index_file("index.html"))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener.try_clone()?)?
            .run();
        Ok(Some(actix_web::rt::spawn(server)))
    }
}
