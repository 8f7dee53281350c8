//! A FHIR client of few words: method, path, body; the reply keeps status, headers and text.
use super::{catalogue, witness};
use reqwest::blocking::{Client as Http, RequestBuilder};
use serde_json::Value;

#[derive(Clone)]
pub struct Client {
    http: Http,
    pub base: String,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Client {
    pub fn anonymous(base: &str) -> Client {
        let http = Http::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Client::over(http, base)
    }

    /// Such as one that speaks TLS.
    pub fn over(http: Http, base: &str) -> Client {
        Client {
            http,
            base: base.to_string(),
            token: None,
        }
    }

    pub fn with_secret(base: &str, id: &str, secret: &str) -> Client {
        Client::anonymous(base).signed_in(id, secret)
    }

    pub fn signed_in(self, id: &str, secret: &str) -> Client {
        let mut client = self;
        let reply = client.form(
            "/oauth/token",
            &[
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
            ],
        );
        assert_eq!(reply.status, 200, "{}", reply.text);
        client.token = reply.json()["access_token"].as_str().map(str::to_string);
        client
    }

    /// `path` is under the FHIR base unless it starts with a slash.
    pub fn url(&self, path: &str) -> String {
        match path {
            _ if path.starts_with("http") => path.to_string(),
            _ if path.starts_with('/') => format!("{}{path}", self.base),
            _ => format!("{}/fhir/{path}", self.base),
        }
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub fn get(&self, path: &str) -> Reply {
        Reply::of(self.request("GET", path))
    }

    pub fn delete(&self, path: &str) -> Reply {
        Reply::of(self.request("DELETE", path))
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body)
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, body)
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send_text(method, path, "application/fhir+json", body.to_string())
    }

    pub fn send_text(&self, method: &str, path: &str, media: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply::of(
            self.request(method, path)
                .header("content-type", media)
                .body(body.into()),
        )
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let body: Vec<String> = fields
            .iter()
            .map(|(k, v)| format!("{}={}", encode(k), encode(v)))
            .collect();
        self.send_text("POST", path, "application/x-www-form-urlencoded", body.join("&"))
    }

    /// One HL7 v2 message through the HTTP door; the acknowledgement is the reply.
    pub fn hl7(&self, message: &str) -> Reply {
        self.send_text("POST", "/hl7v2", "application/hl7-v2", message)
    }

    /// Matches of a search, over all pages.
    pub fn find(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(path.to_string());
        while let Some(url) = next {
            let bundle = self.get(&url).ok();
            for entry in bundle["entry"].as_array().into_iter().flatten() {
                if entry["search"]["mode"] == "match" {
                    found.push(entry["resource"].clone());
                }
            }
            let links = bundle["link"].as_array().cloned().unwrap_or_default();
            next = links
                .iter()
                .find(|l| l["relation"] == "next")
                .map(|l| l["url"].as_str().expect("a url").to_string());
        }
        found
    }

    /// The only match of a search.
    pub fn only(&self, path: &str) -> Value {
        let mut found = self.find(path);
        assert_eq!(found.len(), 1, "{path}: {found:#?}");
        found.remove(0)
    }
}

impl Reply {
    pub fn of(request: RequestBuilder) -> Reply {
        let (http, request) = request.build_split();
        let request = request.expect("a request");
        witness::sent(&request);
        let base = request.url().origin().ascii_serialization();
        let response = http.execute(request).expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().expect("text");
        witness::received(&base, &text);
        catalogue::holds(status, &text);
        Reply {
            status,
            headers,
            text,
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {} {}", self.status, self.text))
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.text);
        self.json()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Asserts a refusal: the status, and an OperationOutcome saying `words`.
    pub fn refused(&self, status: u16, words: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
        assert!(self.text.contains(words), "{words:?} in {}", self.text);
        outcome
    }
}
