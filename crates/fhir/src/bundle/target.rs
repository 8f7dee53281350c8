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
    /// `Patient/1?_summary=true`: a read that shows a part.
    Shown(TypeId, String, String),
    /// `Patient/1/Task?status=requested`, `Patient/1/*`
    Compartment(TypeId, String, Option<TypeId>, String),
    /// `Patient/1/$everything?_count=3`, `Patient/$match`
    Operation(TypeId, Option<String>, String, String),
    /// `?_type=Patient,Task&_id=1`
    System(String),
    /// `_history?_count=3`
    SystemHistory(String),
}

impl Target {
    /// Reads a relative address, or an absolute one below `base`.
    pub(super) fn of(url: &str, base: &str) -> Option<Target> {
        let url = url.strip_prefix(base).unwrap_or(url).trim_start_matches('/');
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        match path {
            "" if !query.is_empty() => return Some(Target::System(query.to_owned())),
            "_history" => return Some(Target::SystemHistory(query.to_owned())),
            _ => {}
        }
        let mut parts = path.split('/');
        let type_id = TypeId::of(parts.next()?)?;
        let rest: Vec<&str> = parts.collect();
        match rest.as_slice() {
            [] | ["_search"] => Some(Target::Type(type_id, query.to_owned())),
            ["_history"] => Some(Target::History(type_id, None, query.to_owned())),
            [name] if name.starts_with('$') => Some(Target::Operation(
                type_id,
                None,
                (*name).to_owned(),
                query.to_owned(),
            )),
            [id] if is_id(id) && query.is_empty() => Some(Target::Instance(type_id, (*id).to_owned())),
            [id] if is_id(id) => Some(Target::Shown(type_id, (*id).to_owned(), query.to_owned())),
            [id, "_history"] if is_id(id) => {
                Some(Target::History(type_id, Some((*id).to_owned()), query.to_owned()))
            }
            [id, "_history", version] if is_id(id) => {
                Some(Target::Version(type_id, (*id).to_owned(), version.parse().ok()?))
            }
            [id, name] if is_id(id) && name.starts_with('$') => {
                let id = Some((*id).to_owned());
                Some(Target::Operation(
                    type_id,
                    id,
                    (*name).to_owned(),
                    query.to_owned(),
                ))
            }
            [id, member] if is_id(id) => {
                let on = (*member != "*").then(|| TypeId::of(member).ok_or(()));
                let on = on.transpose().ok()?;
                Some(Target::Compartment(
                    type_id,
                    (*id).to_owned(),
                    on,
                    query.to_owned(),
                ))
            }
            _ => None,
        }
    }

    /// The type a body would be of, where the address names one.
    pub fn of_body(&self) -> Option<TypeId> {
        match self {
            Target::Type(on, _) | Target::Instance(on, _) => Some(*on),
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
        let task = TypeId::of("Task");
        assert_eq!(
            of("Patient/1/Task?a=b"),
            Some(Target::Compartment(patient, "1".into(), task, "a=b".into()))
        );
        assert_eq!(
            of("Patient/1/*"),
            Some(Target::Compartment(patient, "1".into(), None, String::new()))
        );
        assert_eq!(
            of("Patient/1/$everything"),
            Some(Target::Operation(
                patient,
                Some("1".into()),
                "$everything".into(),
                String::new()
            ))
        );
        assert_eq!(
            of("http://here/fhir?_type=Task"),
            Some(Target::System("_type=Task".into()))
        );
        for wrong in [
            "",
            "Nothing",
            "Patient/a b",
            "http://there/fhir/Patient/1",
            "Patient/1/Nothing",
            "Patient/1/2/3",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
