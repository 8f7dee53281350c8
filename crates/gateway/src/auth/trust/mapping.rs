//! What the claims of an issuer's token are worth here: scopes within the operator's bound, and for whom.
//! Pure.
use crate::auth::account::PEOPLE;
use crate::auth::holder::Holder;
use crate::auth::scope::{Context, DataScope, Letters, Scope, Scopes};
use crate::config::Issuer;
use crate::routes::path::is_id;
use serde_json::{Map, Value};

type Claims = Map<String, Value>;

/// Where issuers say what was granted.
const SCOPE: [&str; 2] = ["scope", "scp"];

/// Scopes that act for somebody whom the token does not name are left out: they would open nothing.
pub fn scopes(issuer: &Issuer, claims: &Claims, holder: &Holder) -> Scopes {
    let mut given: Vec<Scope> = Vec::new();
    if issuer.smart_scopes {
        for text in SCOPE.iter().flat_map(|name| words(claims, name)) {
            if let Ok(Scope::Data(asked)) = Scope::parse(&text) {
                given.extend(issuer.at_most.data().filter_map(|most| both(&asked, most)));
            }
        }
    }
    for row in &issuer.scopes {
        if words(claims, &row.claim).contains(&row.value) || texts(claims, &row.claim).contains(&row.value) {
            given.extend(row.gives.iter().cloned());
        }
    }
    let acts = |scope: &Scope| match scope.data().map(|data| data.context) {
        Some(Context::System) => true,
        Some(Context::Patient) => holder.patient.is_some(),
        Some(Context::User) => holder.fhir_user.is_some(),
        None => false,
    };
    given.into_iter().filter(acts).collect()
}

/// What two scopes have in common, if anything.
fn both(asked: &DataScope, most: &DataScope) -> Option<Scope> {
    let types = asked.on.is_none() || most.on.is_none() || asked.on == most.on;
    let letters = asked.letters.common(most.letters);
    if !types || asked.context != most.context || letters == Letters::NONE {
        return None;
    }
    let queries = [&asked.narrowing, &most.narrowing].into_iter().flatten();
    let queries: Vec<&str> = queries.map(|query| query.text.as_str()).collect();
    let bare = Scope::Data(DataScope {
        context: asked.context,
        on: asked.on.or(most.on),
        letters,
        narrowing: None,
    });
    match queries.is_empty() {
        true => Some(bare),
        // A query that the type does not have asks for nothing that is there.
        false => Scope::parse(&format!("{bare}?{}", queries.join("&"))).ok(),
    }
}

/// For whom the token acts.
pub fn holder(issuer: &Issuer, claims: &Claims, base: &str) -> Holder {
    let named = |name: &str, types: &[&str]| reference(claims, name, types, base);
    let id = |name: &str| texts(claims, name).into_iter().next().filter(|text| is_id(text));
    let patient = |name: &str| Some(named(name, &["Patient"])?.split_once('/')?.1.to_owned());
    let names = &issuer.claims;
    Holder {
        patient: id(&names.patient).or_else(|| patient(&names.patient)),
        fhir_user: named(&names.fhir_user, &PEOPLE)
            .or_else(|| named(&names.fhir_user, &["PractitionerRole"])),
        organization: named(&names.organization, &["Organization"]),
        ..Holder::default()
    }
}

/// A resource of ours of one of these types, relative or below `base`. What a claim says of another server's
/// resources is not said of ours.
pub fn reference(claims: &Claims, name: &str, types: &[&str], base: &str) -> Option<String> {
    let text = texts(claims, name).into_iter().next()?;
    let ours = text.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
    let (kind, id) = ours.unwrap_or(&text).split_once('/')?;
    let sound = types.contains(&kind) && is_id(id);
    sound.then(|| format!("{kind}/{id}"))
}

/// The app or system that holds the token, where a claim says it.
pub fn client(issuer: &Issuer, claims: &Claims) -> Option<String> {
    let name = [issuer.claims.client.as_str(), "azp"];
    let mut said = name.iter().flat_map(|name| texts(claims, name));
    said.find(|text| !text.is_empty() && text.len() <= 256 && !text.contains(char::is_control))
}

/// The claim of that very name, or where dots lead to.
fn value<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    value(claims.get(first)?.as_object()?, rest)
}

/// Each value as text.
fn texts(claims: &Claims, name: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value(claims, name) {
        Some(Value::Array(many)) => many.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The same where a text may be several words.
fn words(claims: &Claims, name: &str) -> Vec<String> {
    let texts = texts(claims, name);
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BASE: &str = "https://baton.example/fhir";

    fn issuer(at_most: &str, rows: &[(&str, &str, &str)]) -> Issuer {
        Issuer {
            url: "https://login.example".into(),
            audience: None,
            jwks_url: None,
            algorithms: Vec::new(),
            allow_private: false,
            at_most: Scopes::parse(at_most).unwrap(),
            smart_scopes: true,
            claims: crate::config::Claims::default(),
            scopes: rows
                .iter()
                .map(|(claim, value, gives)| crate::config::Mapping {
                    claim: (*claim).into(),
                    value: (*value).into(),
                    gives: Scopes::parse(gives).unwrap(),
                })
                .collect(),
        }
    }

    fn given(issuer: &Issuer, claims: Value) -> String {
        let claims = claims.as_object().unwrap();
        scopes(issuer, claims, &holder(issuer, claims, BASE)).to_string()
    }

    #[test]
    fn smart_scopes_hold_within_the_bound() {
        let wide = issuer(
            "system/*.rs user/Task.cruds patient/Observation.rs?status=final",
            &[],
        );
        for (scope, expected) in [
            ("system/*.cruds", "system/*.rs"),
            ("system/Patient.r openid", "system/Patient.r"),
            ("system/Patient.cud", ""),
            ("nonsense profile", ""),
            ("user/*.cruds", ""),
            (
                "system/Task.rs?status=requested",
                "system/Task.rs?status=requested",
            ),
        ] {
            assert_eq!(given(&wide, json!({"scope": scope})), expected, "{scope}");
        }
        let claims = json!({"scp": ["user/*.rs", "patient/Observation.rs?category=x"], "fhirUser": "Practitioner/d", "patient": "p"});
        let expected = "user/Task.rs patient/Observation.rs?category=x&status=final";
        assert_eq!(given(&wide, claims), expected);
        let none = Issuer {
            smart_scopes: false,
            ..wide
        };
        assert_eq!(given(&none, json!({"scope": "system/*.rs"})), "");
    }

    #[test]
    fn roles_and_flags_stand_for_scopes() {
        let rows = [
            ("realm_access.roles", "reader", "system/*.rs"),
            ("https://x.example/role", "two words", "system/Task.rs"),
            ("is_admin", "true", "system/Patient.rs"),
            ("role", "nurse", "user/*.rs"),
        ];
        let issuer = issuer("system/*.rs user/*.rs", &rows);
        for (claims, expected) in [
            (json!({"realm_access": {"roles": ["x", "reader"]}}), "system/*.rs"),
            (json!({"https://x.example/role": "two words"}), "system/Task.rs"),
            (json!({"is_admin": true}), "system/Patient.rs"),
            (json!({"role": "nurse"}), ""),
            (
                json!({"role": "nurse", "fhirUser": "Practitioner/d"}),
                "user/*.rs",
            ),
            (json!({"role": "nurses", "realm_access": "reader"}), ""),
        ] {
            assert_eq!(given(&issuer, claims.clone()), expected, "{claims}");
        }
    }

    #[test]
    fn people_are_ours_or_nobody() {
        let issuer = issuer("system/*.rs", &[]);
        let of = |claims: Value| holder(&issuer, claims.as_object().unwrap(), BASE);
        for (claim, expected) in [
            ("Practitioner/d", Some("Practitioner/d")),
            ("https://baton.example/fhir/Patient/p", Some("Patient/p")),
            ("https://other.example/fhir/Patient/p", None),
            ("https://baton.example/fhirPatient/p", None),
            ("Organization/o", None),
            ("Practitioner/a b", None),
            ("Practitioner/d/_history/1", None),
        ] {
            assert_eq!(
                of(json!({"fhirUser": claim})).fhir_user.as_deref(),
                expected,
                "{claim}"
            );
        }
        assert_eq!(of(json!({"patient": "Patient/p"})).patient.as_deref(), Some("p"));
        assert_eq!(of(json!({"patient": "p,q"})).patient, None);
        assert_eq!(
            of(json!({"organization": "Organization/o"}))
                .organization
                .as_deref(),
            Some("Organization/o")
        );
    }
}
