//! An access token in plain words, for whoever wonders why it is refused. Never shows the signature: what
//! is printed is worth nothing to who reads along.
use super::authority::REVOKED;
use super::keys::KeyRing;
use super::policy::Policy;
use super::scope::{Context, DataScope, Letters, Scope, Scopes};
use super::token::{self, Refusal, Verified};
use fhir::datetime::instant;
use serde_json::Value;
use std::collections::HashSet;
use store::{StoreError, Tx};

/// What a database says about tokens.
pub struct Known {
    pub keys: KeyRing,
    /// FHIR bases under which it was served.
    pub bases: Vec<String>,
    pub disabled: HashSet<String>,
    pub revoked: HashSet<String>,
}

impl Known {
    pub fn read(tx: &mut Tx, now: i64) -> Result<Known, StoreError> {
        Ok(Known {
            keys: KeyRing::open(&tx.signing_keys()?, now)?,
            bases: bases(tx)?,
            disabled: tx.disabled_clients()?.into_iter().collect(),
            revoked: tx.used_jtis(REVOKED, now / 1_000_000)?.into_iter().collect(),
        })
    }
}

/// As its gateways announced them.
fn bases(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let text = tx.setting("bases")?.unwrap_or_else(|| "[]".into());
    serde_json::from_str(&text).map_err(|_| StoreError::Database("the setting bases is damaged".into()))
}

/// What came of asking the issuer that the token names, where it is one that is trusted.
pub type Foreign = Result<Verified, Refusal>;

/// What is in it, and what would be said of it at `now` (microseconds).
pub fn explain(token: &str, known: Option<&Known>, foreign: Option<&Foreign>, now: i64) -> String {
    let token = token.trim();
    let Some((header, claims)) = decoded(token) else {
        let text = "not a signed JWT of three parts; is it whole, and without `Bearer` before it?";
        return format!("verdict    refused: {}: {text}\n", Refusal::Malformed.text());
    };
    let mut told = String::new();
    let mut line = |name: &str, text: String| told.push_str(&format!("{name:<10} {text}\n"));
    line("header", listed(&header, &["alg", "typ", "kid"]));
    for (name, claim) in [
        ("issuer", "iss"),
        ("audience", "aud"),
        ("client", "client_id"),
        ("subject", "sub"),
        ("patient", "patient"),
        ("encounter", "encounter"),
        ("person", "fhirUser"),
        ("token id", "jti"),
    ] {
        if let Some(text) = claims[claim].as_str() {
            line(name, text.to_owned());
        }
    }
    for (name, claim) in [("issued", "iat"), ("expires", "exp")] {
        line(
            name,
            claims[claim]
                .as_i64()
                .map_or("missing".into(), |at| when(at, now)),
        );
    }
    let said = claims["scope"].as_str().unwrap_or_default();
    if let Some(foreign) = foreign {
        line(
            "trusted",
            "its issuer is one of [[issuers]]; what its claims are worth here follows".into(),
        );
        if let Ok(verified) = foreign {
            mapped(verified)
                .into_iter()
                .for_each(|(name, text)| line(name, text));
        }
        line("verdict", of_issuer(foreign));
        return told;
    }
    for scope in said.split_whitespace() {
        line("scope", format!("{scope}: {}", covers(scope)));
    }
    line("verdict", verdict(token, &claims, known, now));
    told
}

/// A token of another issuer as it is taken here.
fn mapped(verified: &Verified) -> Vec<(&'static str, String)> {
    let holder = &verified.holder;
    let people = [
        ("client", Some(&verified.claims.client_id)),
        ("patient", holder.patient.as_ref()),
        ("person", holder.fhir_user.as_ref()),
        ("for", holder.organization.as_ref()),
    ];
    let people = people
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?.clone())));
    let scopes = verified.scopes.iter();
    let scopes = scopes.map(|scope| ("scope", format!("{scope}: {}", in_words(scope))));
    people.chain(scopes).collect()
}

fn of_issuer(foreign: &Foreign) -> String {
    match foreign {
        Err(refusal) => format!("refused: {}", refusal.text()),
        Ok(verified) if verified.scopes.is_empty() => {
            "its signature and claims are good, but they stand for no scope here: every request is a 403. See \
             at_most, smart_scopes and scopes of the issuer, and whether patient/ and user/ scopes have whom they are about"
                .into()
        }
        Ok(_) => "good: a gateway with these settings takes it".into(),
    }
}

fn decoded(token: &str) -> Option<(Value, Value)> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut parts = token.split('.');
    let mut part = || -> Option<Value> {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let both = (part()?, part()?);
    (parts.count() == 1).then_some(both)
}

fn listed(object: &Value, names: &[&str]) -> String {
    let each = names
        .iter()
        .filter_map(|name| Some(format!("{name} {}", object[name].as_str()?)));
    each.collect::<Vec<_>>().join(", ")
}

/// `2026-11-29T12:00:00Z, 40 seconds ago`
fn when(seconds: i64, now: i64) -> String {
    let (at, distance) = (
        instant(seconds.saturating_mul(1_000_000)),
        seconds - now / 1_000_000,
    );
    match distance {
        0.. => format!("{at}, in {distance} seconds"),
        _ => format!("{at}, {} seconds ago", -distance),
    }
}

fn verdict(token: &str, claims: &Value, known: Option<&Known>, now: i64) -> String {
    let Some(known) = known else {
        let over = claims["exp"].as_i64().is_none_or(|exp| exp <= now / 1_000_000);
        return match over {
            true => format!("refused: {}", Refusal::Expired.text()),
            false => {
                "nothing is wrong by its text; with --database its signature and standing are checked too"
                    .into()
            }
        };
    };
    match checked(token, claims, known, now) {
        Ok(()) => "good: a gateway on this database under that address takes it".into(),
        Err(refusal) => format!("refused: {}", refusal.text()),
    }
}

/// In the order of a gateway, except that any base of the database will do.
fn checked(token: &str, claims: &Value, known: &Known, now: i64) -> Result<(), Refusal> {
    let (issuer, audience) = (text(claims, "iss"), text(claims, "aud"));
    let verified = token::verify(
        &known.keys,
        token,
        (issuer, audience),
        Policy::built_in(),
        now / 1_000_000,
    )?;
    let claims = &verified.claims;
    let ours = known.bases.contains(&claims.aud) && claims.aud == format!("{}/fhir", claims.iss);
    if !ours {
        return Err(Refusal::Foreign);
    }
    if claims.exp <= now / 1_000_000 {
        return Err(Refusal::Expired);
    }
    if known.disabled.contains(&claims.client_id) {
        return Err(Refusal::Disabled);
    }
    let ids = [
        Some(&claims.jti),
        claims.holder.sid.as_ref(),
        Some(&claims.client_id),
    ];
    match ids.into_iter().flatten().any(|id| known.revoked.contains(id)) {
        true => Err(Refusal::Revoked),
        false => Ok(()),
    }
}

fn text<'a>(claims: &'a Value, name: &str) -> &'a str {
    claims[name].as_str().unwrap_or_default()
}

/// What a scope opens.
fn covers(text: &str) -> String {
    let parsed = match Scopes::parse(text) {
        Ok(parsed) => parsed,
        Err(why) => return format!("not understood: {why}"),
    };
    let each: Vec<String> = parsed.iter().map(in_words).collect();
    each.join("; ")
}

fn in_words(scope: &Scope) -> String {
    match scope {
        Scope::Data(data) => of_data(data),
        Scope::Admin(office, letters) => {
            let kept = format!("{}s", office.name().to_lowercase());
            format!("{} {kept} of this server (/admin/{kept})", verbs(*letters))
        }
        other => format!("about the launch (`{other}`), opens no data"),
    }
}

fn of_data(scope: &DataScope) -> String {
    let whose = match scope.context {
        Context::Patient => "of the patient of the launch",
        Context::User => "that the person may see",
        Context::System => "of everybody",
    };
    let what = scope.on.map_or("every type", |on| on.name());
    let narrowed = match scope.narrowing {
        Some(_) => ", only what its query finds",
        None => "",
    };
    format!("{} {what} {whose}{narrowed}", verbs(scope.letters))
}

fn verbs(letters: Letters) -> String {
    const WORDS: [(char, &str); 5] = [
        ('c', "create"),
        ('r', "read"),
        ('u', "update"),
        ('d', "delete"),
        ('s', "search"),
    ];
    let letters = letters.to_string();
    let may = WORDS.iter().filter(|(letter, _)| letters.contains(*letter));
    may.map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}
