//! What a request or an entry of a batch was about, by its address.
//! <https://hl7.org/fhir/R4/valueset-restful-interaction.html>
use crate::routes::query;
use actix_web::http::Method;
use fhir::TypeId;
use fhir::bundle::{self, Target};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct What {
    /// A code of restful-interaction, or one of ours: `token`, `message`.
    pub action: &'static str,
    pub on: Option<TypeId>,
    pub id: Option<String>,
    pub version: Option<i64>,
    /// The address below the base, where it says more than the above.
    pub query: Option<String>,
}

impl What {
    /// None of what shows and changes nothing of anybody's: metadata, keys, documents.
    pub fn of(method: &Method, path: &str, search: &str) -> Option<What> {
        if *method == Method::OPTIONS {
            return None;
        }
        if let Some(rest) = path.strip_prefix("/fhir") {
            return fhir(method, rest.trim_matches('/'), search);
        }
        if let Some(rest) = path.strip_prefix("/admin/") {
            return kept(rest);
        }
        let action = match path {
            "/oauth/token" | "/oauth/introspect" | "/oauth/revoke" => "token",
            "/oauth/authorize" => "login",
            "/oauth/register" => "register",
            "/hl7v2" => "message",
            _ => return None,
        };
        Some(What {
            action,
            ..What::default()
        })
    }

    /// The same for an entry of a batch.
    pub fn of_entry(method: bundle::Method, target: &Target) -> What {
        let bare = |action, on: &TypeId, id: Option<&String>| What {
            action,
            on: Some(*on),
            id: id.cloned(),
            ..What::default()
        };
        match target {
            Target::Type(on, text) => What {
                query: asked(on.name(), text),
                ..bare(on_type(method), on, None)
            },
            Target::Instance(on, id) | Target::Shown(on, id, _) => bare(on_instance(method), on, Some(id)),
            Target::Version(on, id, version) => What {
                version: Some(*version),
                ..bare("vread", on, Some(id))
            },
            Target::History(on, id, text) => What {
                query: asked(on.name(), text),
                ..bare(history(id.is_some()), on, id.as_ref())
            },
            Target::Compartment(on, id, of, text) => What {
                query: asked(&below(on, id, of.map_or("*", |of| of.name())), text),
                ..bare("search-type", on, Some(id))
            },
            Target::Operation(on, id, name, text) => What {
                query: asked(
                    &below(on, id.as_deref().unwrap_or_default(), &format!("${name}")),
                    text,
                ),
                ..bare("operation", on, id.as_ref())
            },
            Target::System(text) => What {
                action: "search-system",
                query: asked("", text),
                ..What::default()
            },
            Target::SystemHistory(text) => What {
                action: "history-system",
                query: asked("_history", text),
                ..What::default()
            },
        }
    }

    /// The patient whom a search or an operation is about, where the address says so.
    pub fn patient(&self) -> Option<String> {
        let focus = self.on.filter(|on| on.name() == PATIENT).and(self.id.clone());
        focus.or_else(|| named(self.query.as_deref()?))
    }
}

/// What is kept at `/admin`, as what it is recorded.
const KEPT: [(&str, &str); 3] = [
    ("clients", "client"),
    ("accounts", "account"),
    ("senders", "sender"),
];

fn kept(path: &str) -> Option<What> {
    let mut parts = path.split('/');
    let name = parts.next()?;
    let (_, action) = KEPT.iter().find(|(kept, _)| *kept == name)?;
    let id = parts.next().filter(|id| crate::routes::path::is_id(id));
    Some(What {
        action,
        id: id.map(str::to_owned),
        ..What::default()
    })
}

const PATIENT: &str = "Patient";

/// `patient=1`, `subject=Patient/1`, `subject:Patient=1`; of several values none is the one.
fn named(query: &str) -> Option<String> {
    let (path, query) = query.split_once('?')?;
    let pairs = query::pairs(query).ok()?;
    pairs.iter().find_map(|(name, value)| {
        let id = value.rsplit_once("Patient/").map(|(_, id)| id);
        let is_patient = name == "patient" || name.ends_with(":Patient");
        let own = name == "_id" && path == PATIENT;
        let id = id.or((is_patient || own).then_some(value.as_str()))?;
        crate::routes::path::is_id(id).then(|| id.to_owned())
    })
}

fn below(on: &TypeId, id: &str, rest: &str) -> String {
    let parts = [on.name(), id, rest].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

/// With a question mark even where no parameter follows.
fn asked(path: &str, search: &str) -> Option<String> {
    Some(format!("{path}?{search}"))
}

fn fhir(method: &Method, path: &str, search: &str) -> Option<What> {
    let write = write(method);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let on = parts.first().and_then(|name| TypeId::of(name));
    let (action, id, version) = match parts[..] {
        ["metadata"] | [".well-known", ..] => return None,
        [] if *method == Method::POST => ("transaction", None, None),
        [] | ["_search"] => ("search-system", None, None),
        ["_history"] => ("history-system", None, None),
        [.., last] if last.starts_with('$') => ("operation", parts.get(1), None),
        [_] => (write.unwrap_or("search-type"), None, None),
        [_, "_search"] => ("search-type", None, None),
        [_, "_history"] => ("history-type", None, None),
        [_, _] => (write.unwrap_or("read"), parts.get(1), None),
        [_, _, "_history"] => ("history-instance", parts.get(1), None),
        [_, _, "_history", version] => ("vread", parts.get(1), version.parse().ok()),
        _ => ("search-type", parts.get(1), None),
    };
    let plain = matches!(action, "read" | "vread" | "transaction") || write == Some(action);
    let query = (!plain || !search.is_empty()).then(|| format!("{path}?{search}"));
    Some(What {
        action,
        on,
        id: id
            .filter(|id| crate::routes::path::is_id(id))
            .map(|id| (*id).to_owned()),
        version,
        query,
    })
}

fn write(method: &Method) -> Option<&'static str> {
    match *method {
        Method::POST => Some("create"),
        Method::PUT => Some("update"),
        Method::PATCH => Some("patch"),
        Method::DELETE => Some("delete"),
        _ => None,
    }
}

fn on_type(method: bundle::Method) -> &'static str {
    match method {
        bundle::Method::Get => "search-type",
        other => on_instance(other),
    }
}

fn on_instance(method: bundle::Method) -> &'static str {
    match method {
        bundle::Method::Get => "read",
        bundle::Method::Post => "create",
        bundle::Method::Put => "update",
        bundle::Method::Patch => "patch",
        bundle::Method::Delete => "delete",
    }
}

fn history(of_instance: bool) -> &'static str {
    match of_instance {
        true => "history-instance",
        false => "history-type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: Method, path: &str, search: &str) -> String {
        let Some(what) = What::of(&method, path, search) else {
            return "nothing".into();
        };
        let on = what.on.map_or("-", |on| on.name());
        let id = what.id.clone().unwrap_or("-".into());
        let patient = what.patient().unwrap_or("-".into());
        format!(
            "{} {on} {id} {patient} {}",
            what.action,
            what.query.unwrap_or_default()
        )
    }

    #[test]
    fn an_address_says_what_was_asked() {
        let get = Method::GET;
        assert_eq!(told(get.clone(), "/fhir/metadata", ""), "nothing");
        assert_eq!(told(get.clone(), "/healthz", ""), "nothing");
        assert_eq!(told(Method::OPTIONS, "/fhir/Patient/1", ""), "nothing");
        assert_eq!(told(get.clone(), "/fhir/Task/1", ""), "read Task 1 - ");
        assert_eq!(told(get.clone(), "/fhir/Patient/1", ""), "read Patient 1 1 ");
        assert_eq!(
            told(get.clone(), "/fhir/Task/1/_history/2", ""),
            "vread Task 1 - "
        );
        assert_eq!(
            told(get.clone(), "/fhir/Task", "patient=7&status=x"),
            "search-type Task - 7 Task?patient=7&status=x"
        );
        assert_eq!(
            told(get.clone(), "/fhir/Task", "subject=http://x/fhir/Patient/7"),
            "search-type Task - 7 Task?subject=http://x/fhir/Patient/7"
        );
        assert_eq!(
            told(get.clone(), "/fhir/Task", "patient=7,8"),
            "search-type Task - - Task?patient=7,8"
        );
        assert_eq!(
            told(get.clone(), "/fhir/Patient/7/Task", ""),
            "search-type Patient 7 7 Patient/7/Task?"
        );
        assert_eq!(
            told(get, "/fhir/Patient/7/$everything", "_count=3"),
            "operation Patient 7 7 Patient/7/$everything?_count=3"
        );
        assert_eq!(told(Method::POST, "/fhir", ""), "transaction - - - ");
        assert_eq!(
            told(Method::POST, "/fhir/$process-message", ""),
            "operation - - - $process-message?"
        );
        assert_eq!(told(Method::DELETE, "/fhir/Task/1", ""), "delete Task 1 - ");
        assert_eq!(
            told(Method::PUT, "/fhir/Task", "code=1"),
            "update Task - - Task?code=1"
        );
        assert_eq!(told(Method::POST, "/oauth/token", ""), "token - - - ");
    }
}
