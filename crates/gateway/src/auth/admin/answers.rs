//! A client as it is told and changed: the metadata of RFC 7591, and whether it is disabled. Never a secret.
use crate::auth::error::OAuthError;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use store::admin::Client;

/// Besides `client_id` and what only Baton says of it.
pub fn metadata(client: &Client) -> Map<String, Value> {
    let listed = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let told = json!({
        "client_name": client.name,
        "redirect_uris": listed(&client.redirect_uris),
        "grant_types": listed(&client.grant_types),
        "response_types": if client.may_use("authorization_code") { vec!["code"] } else { vec![] },
        "token_endpoint_auth_method": method(client),
        "scope": client.scope,
    });
    let keys = client
        .jwks
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let more = [
        ("jwks", keys),
        ("jwks_uri", client.jwks_url.clone().map(Value::from)),
        ("launch_url", client.launch_url.clone().map(Value::from)),
    ];
    let mut told = match told {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    told.extend(
        more.into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    told
}

/// With a secret where one was made just now.
pub fn client(client: &Client, secret: Option<String>) -> Value {
    let mut told = Map::new();
    told.insert("client_id".into(), client.id.as_str().into());
    told.insert("client_id_issued_at".into(), (client.created / 1_000_000).into());
    told.append(&mut metadata(client));
    if let Some(at) = client.disabled {
        told.insert("disabled".into(), fhir::datetime::instant(at).into());
    }
    if let Some(secret) = secret {
        told.insert("client_secret".into(), secret.into());
        told.insert("client_secret_expires_at".into(), 0.into());
    }
    Value::Object(told)
}

fn method(client: &Client) -> &'static str {
    match client.secret_hash {
        _ if client.public => "none",
        Some(_) => "client_secret_basic",
        None => "private_key_jwt",
    }
}

/// A merge patch: members of `changes` take the place of those that are there, null takes them away.
/// <https://www.rfc-editor.org/rfc/rfc7396>
pub fn merged(mut metadata: Map<String, Value>, changes: Map<String, Value>) -> Value {
    // Keys come as a set or by address: who gives one means it instead of the other.
    for (given, other) in [("jwks", "jwks_uri"), ("jwks_uri", "jwks")] {
        if changes.get(given).is_some_and(|value| !value.is_null()) {
            metadata.remove(other);
        }
    }
    for (name, value) in changes {
        match value {
            Value::Null => drop(metadata.remove(&name)),
            value => drop(metadata.insert(name, value)),
        }
    }
    Value::Object(metadata)
}

pub fn unknown() -> OAuthError {
    let text = "there is no such client";
    OAuthError::new(StatusCode::NOT_FOUND, "not_found", text)
}

pub fn beyond(what: &str) -> OAuthError {
    let text = format!("{what}; the operator does that, with `baton client`");
    OAuthError::new(StatusCode::FORBIDDEN, "access_denied", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_takes_places_and_takes_away() {
        let members = |value: Value| value.as_object().cloned().unwrap_or_default();
        let held = members(json!({"scope": "a", "launch_url": "x", "jwks_uri": "k"}));
        let changed = merged(
            held.clone(),
            members(json!({"scope": "b", "launch_url": null, "jwks": {"keys": []}})),
        );
        assert_eq!(changed, json!({"scope": "b", "jwks": {"keys": []}}));
        assert_eq!(
            merged(held.clone(), members(json!({"jwks": null}))),
            Value::Object(held)
        );
    }
}
