//! XON and the facility itself to Organization.
use super::authority::system_of;
use super::identifier::{NPI, plain};
use super::json::{Object, list, object};
use super::scope::Scope;
use crate::Place;
use crate::message::Rep;
use fhir::event::{Key, directory_id};
use serde_json::{Value, json};

/// The facility of the event.
pub(super) fn facility(scope: &mut Scope<'_>) -> Object {
    let facility = scope.facility.clone();
    let uri = Key {
        system: "urn:ietf:rfc:3986".into(),
        value: facility.system,
    };
    let npi = facility.npi.map(|npi| plain(NPI, &npi, Some("NPI")).json);
    let identifiers = npi.into_iter().chain([plain(&uri.system, &uri.value, None).json]);
    let resource = organization(
        &uri,
        list(identifiers.map(Value::Object)),
        facility.name.as_deref(),
    );
    scope.share(resource, facility.name)
}

/// XON: name, number (.10, formerly .3), authority. Known by its name when it has no number.
pub(super) fn xon(scope: &mut Scope<'_>, rep: Rep<'_>, place: Place) -> Option<Object> {
    let name = rep.component(1).text();
    let number = rep.component(10).text().or_else(|| rep.component(3).text());
    referred(scope, number.map(|value| (value, rep, 6)), name, place)
}

/// An insurer: number (CX) and name (XON) stand in two fields.
pub(super) fn payer(scope: &mut Scope<'_>, number: Rep<'_>, name: Rep<'_>) -> Option<Object> {
    let value = number.component(1).text().map(|value| (value, number, 4));
    referred(scope, value, name.component(1).text(), Place::field("IN1", 3))
}

fn referred(
    scope: &mut Scope<'_>,
    number: Option<(String, Rep<'_>, usize)>,
    name: Option<String>,
    place: Place,
) -> Option<Object> {
    let default = scope.facility.system.clone();
    let key = match (number, &name) {
        (Some((value, rep, at)), _) => {
            let authority = rep.component(at);
            Key {
                system: system_of(
                    scope,
                    authority,
                    Some(&default),
                    Place {
                        component: at,
                        ..place
                    },
                ),
                value,
            }
        }
        (None, Some(name)) => Key {
            system: default,
            value: name.clone(),
        },
        (None, None) => return None,
    };
    let identifier = plain(&key.system, &key.value, None).json;
    let resource = organization(&key, list([Value::Object(identifier)]), name.as_deref());
    Some(scope.share(resource, name))
}

fn organization(key: &Key, identifiers: Option<Value>, name: Option<&str>) -> Object {
    object([
        ("resourceType", Some(json!("Organization"))),
        ("id", Some(json!(directory_id("Organization", key)))),
        ("identifier", identifiers),
        ("name", name.map(Value::from)),
    ])
}
