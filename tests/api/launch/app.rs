//! An app's side of a launch, and the people who use it.
use super::browser::{Browser, Shown};
use crate::auth::partner::{KEYS, claims, text};
use crate::support::{Baton, Client, Reply};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const BACK: &str = "https://app.example/back";
pub const PASSWORD: &str = "a rather long password";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-and-more";
/// What most scenes ask for.
pub const SCOPE: &str =
    "openid fhirUser launch/patient patient/Task.rs patient/Observation.rs offline_access";

pub struct App<'a> {
    pub baton: &'a Baton,
    pub id: String,
    pub secret: Option<String>,
}

/// How an app says who it is at the token endpoint.
pub enum Proof {
    Nothing,
    Secret,
    Assertion,
}

impl<'a> App<'a> {
    pub fn registered(baton: &'a Baton, scope: &str, how: &[&str]) -> App<'a> {
        let args = [
            "client",
            "add",
            "--name",
            "Heart App",
            "--scope",
            scope,
            "--redirect-uri",
            BACK,
        ];
        let added = baton.database.run_json(&[&args[..], how].concat());
        App {
            baton,
            id: text(&added, "client_id"),
            secret: added["client_secret"].as_str().map(str::to_string),
        }
    }

    pub fn public(baton: &'a Baton, scope: &str) -> App<'a> {
        App::registered(baton, scope, &["--public"])
    }

    /// The address that the app sends people to, with `change` over what is right.
    pub fn request(&self, scope: &str, change: &[(&str, &str)]) -> String {
        let aud = format!("{}/fhir", self.baton.base);
        let challenge = challenge();
        let right = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", BACK),
            ("scope", scope),
            ("state", "xyz <&> state"),
            ("aud", &aud),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("nonce", "n-0S6_WzA2Mj"),
        ];
        let kept = right
            .iter()
            .filter(|(name, _)| change.iter().all(|(other, _)| name != other));
        let all = kept.chain(change).filter(|(_, value)| !value.is_empty());
        let endpoint = format!("{}/oauth/authorize", self.baton.base);
        Url::parse_with_params(&endpoint, all).expect("an address").into()
    }

    /// From the app's request to the code, all allowed.
    pub fn code(&self, browser: &Browser, scope: &str, name: &str) -> String {
        let shown = browser.open(&self.request(scope, &[]));
        let shown = match shown.title() {
            "Sign in" => browser.sign_in(&shown, name, PASSWORD),
            _ => shown,
        };
        self.called_back(&browser.allow(&shown))
    }

    /// The code of a call back that is right in every respect.
    pub fn called_back(&self, shown: &Shown) -> String {
        assert!(
            shown.url.starts_with(&format!("{BACK}?")),
            "{} {}",
            shown.url,
            shown.reply.text
        );
        let told = shown.told();
        assert_eq!(
            (told["state"].as_str(), told["iss"].as_str()),
            ("xyz <&> state", self.baton.base.as_str())
        );
        told["code"].clone()
    }

    pub fn ask(&self, fields: &[(&str, &str)], proof: &Proof) -> Reply {
        let mut fields = fields.to_vec();
        let assertion = KEYS.sign(Algorithm::ES384, "ES384", &claims(self.baton, &self.id));
        match proof {
            Proof::Nothing => fields.push(("client_id", &self.id)),
            Proof::Secret => {
                fields.push(("client_id", &self.id));
                fields.push(("client_secret", self.secret.as_deref().expect("a secret")));
            }
            Proof::Assertion => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                fields.extend([
                    ("client_assertion_type", kind),
                    ("client_assertion", assertion.as_str()),
                ]);
            }
        }
        self.baton.anonymous().form("/oauth/token", &fields)
    }

    pub fn redeem(&self, code: &str, proof: &Proof) -> Reply {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.ask(&grant, proof)
    }

    pub fn refresh(&self, token: &str, scope: Option<&str>) -> Reply {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        fields.extend(scope.map(|scope| ("scope", scope)));
        self.ask(&fields, &Proof::Nothing)
    }

    /// Everything at once: the tokens of a public client.
    pub fn tokens(&self, browser: &Browser, scope: &str, name: &str) -> Value {
        self.redeem(&self.code(browser, scope, name), &Proof::Nothing)
            .ok()
    }

    /// Who signed in, or why the token is not good (any more).
    pub fn userinfo(&self, token: &str) -> Reply {
        let mut client: Client = self.baton.anonymous();
        client.token = Some(token.to_string());
        client.get("/oauth/userinfo")
    }
}

pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER.as_bytes()))
}

/// An account with [`PASSWORD`].
pub fn account(baton: &Baton, name: &str, person: &str, more: &[&str]) -> Value {
    let args = ["account", "add", "--name", name, "--fhir-user", person];
    baton.database.run_typing(&[&args[..], more].concat(), PASSWORD)
}

/// A patient with an account of their own.
pub fn patient(baton: &Baton, id: &str) {
    let patient = json!({
        "resourceType": "Patient", "id": id, "birthDate": "1970-01-02",
        "name": [{"family": "<Script>", "given": ["Ada"]}], "identifier": [{"system": "urn:mrn", "value": "4711"}]
    });
    assert_eq!(
        baton.partner().put(&format!("Patient/{id}"), &patient).status,
        201
    );
    account(baton, id, &format!("Patient/{id}"), &[]);
}
