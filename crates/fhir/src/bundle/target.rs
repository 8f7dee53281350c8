//! `Bundle.entry.request`: the interaction an entry stands for, as an address would say it.
use crate::TypeId;

/// In the order a transaction works them off. <https://hl7.org/fhir/R4/http.html#trules>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Delete,
    Post,
    Put,
    Patch,
    Get,
}

impl Method {
    /// HEAD is GET without a body, and an entry has none.
    pub(super) fn of(code: &str) -> Option<Method> {
        match code {
            "DELETE" => Some(Method::Delete),
            "POST" => Some(Method::Post),
            "PUT" => Some(Method::Put),
            "PATCH" => Some(Method::Patch),
            "GET" | "HEAD" => Some(Method::Get),
            _ => None,
        }
    }
}

/// What the entry is about. Query strings are without `?` and not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `Patient`, `Patient?name=x`
    Type(TypeId, String),
    /// `Patient/1`
    Instance(TypeId, String),
    /// `Patient/1/_history/2`
    Version(TypeId, String, i64),
    /// `Patient/1/_history?_count=3`, `Patient/_history`
    History(TypeId, Option<String>, String),
}

impl Target {
    pub fn type_id(&self) -> TypeId {
        let (Target::Type(on, _)
        | Target::Instance(on, _)
        | Target::Version(on, ..)
        | Target::History(on, ..)) = self;
        *on
    }

    /// Reads a relative address, or an absolute one below `base`.
    pub(super) fn of(url: &str, base: &str) -> Option<Target> {
        let url = url.strip_prefix(base).unwrap_or(url).trim_start_matches('/');
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut parts = path.split('/');
        let type_id = TypeId::of(parts.next()?)?;
        let rest: Vec<&str> = parts.collect();
        match rest.as_slice() {
            [] | ["_search"] => Some(Target::Type(type_id, query.to_owned())),
            ["_history"] => Some(Target::History(type_id, None, query.to_owned())),
            // A read of a Bundle has no parameters; none is left out in silence.
            [id] if is_id(id) && query.is_empty() => Some(Target::Instance(type_id, (*id).to_owned())),
            [id, "_history"] if is_id(id) => {
                Some(Target::History(type_id, Some((*id).to_owned()), query.to_owned()))
            }
            [id, "_history", version] if is_id(id) => {
                Some(Target::Version(type_id, (*id).to_owned(), version.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// <https://hl7.org/fhir/R4/datatypes.html#id>
fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_or_without_base() {
        let patient = TypeId::of("Patient").unwrap();
        let of = |url| Target::of(url, "http://here/fhir");
        assert_eq!(of("Patient"), Some(Target::Type(patient, String::new())));
        assert_eq!(of("Patient?a=b?c"), Some(Target::Type(patient, "a=b?c".into())));
        assert_eq!(
            of("http://here/fhir/Patient/1"),
            Some(Target::Instance(patient, "1".into()))
        );
        assert_eq!(
            of("/Patient/1/_history/2"),
            Some(Target::Version(patient, "1".into(), 2))
        );
        assert_eq!(
            of("Patient/_history"),
            Some(Target::History(patient, None, String::new()))
        );
        for wrong in [
            "",
            "Nothing",
            "Patient/a b",
            "http://there/fhir/Patient/1",
            "Patient/1/$everything",
            "Patient/1?_summary=true",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
