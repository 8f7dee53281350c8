//! Which members hold links that a transaction replaces: references, elements of type uri, url,
//! oid and uuid, and narrative. Canonicals stay. <https://hl7.org/fhir/R4/http.html#trules>
use crate::registry::{ElementType, Primitive, registry};
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Link,
    /// A link in some types, text in others: what stands there is taken for a link only where it
    /// can be nothing else.
    MaybeLink,
    Narrative,
    Other,
}

pub(super) fn holds(member: &str) -> Holds {
    static MEMBERS: LazyLock<HashMap<&'static str, Holds>> = LazyLock::new(members);
    MEMBERS.get(member).copied().unwrap_or(Holds::Other)
}

fn members() -> HashMap<&'static str, Holds> {
    let mut all = HashMap::new();
    for definition in registry().definitions() {
        for member in definition.members() {
            let ElementType::Primitive(primitive) = member.of else {
                continue;
            };
            let here = holding(&member.name, primitive);
            let known = all.entry(&*member.name).or_insert(here);
            if *known != here {
                *known = Holds::MaybeLink;
            }
        }
    }
    all
}

/// A system names a vocabulary or the giver of an identifier, whoever it is hosted by; the one url
/// in twenty that is no url is never a link.
fn holding(name: &str, primitive: Primitive) -> Holds {
    match (name, primitive) {
        ("system", _) => Holds::Other,
        ("url", _) | ("reference", Primitive::String) => Holds::Link,
        (_, Primitive::Uri | Primitive::Url | Primitive::Oid | Primitive::Uuid) => Holds::Link,
        (_, Primitive::Xhtml) => Holds::Narrative,
        _ => Holds::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_decide_what_is_a_link() {
        assert_eq!(holds("reference"), Holds::Link);
        assert_eq!(holds("valueUri"), Holds::Link);
        assert_eq!(holds("url"), Holds::Link);
        assert_eq!(holds("div"), Holds::Narrative);
        for other in [
            "system",
            "valueString",
            "valueCanonical",
            "instantiatesCanonical",
            "text",
        ] {
            assert_eq!(holds(other), Holds::Other, "{other}");
        }
    }
}
