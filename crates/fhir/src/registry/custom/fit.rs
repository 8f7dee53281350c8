//! Whether what an expression yields can be searched as the parameter's type says.
//! <https://hl7.org/fhir/R4/search.html#table>
use crate::registry::{ParamKind, Primitive};

/// Data types each kind of parameter is indexed from, primitives apart.
const COMPLEX: [(ParamKind, &[&str]); 7] = [
    (
        ParamKind::Token,
        &["Coding", "CodeableConcept", "Identifier", "ContactPoint"],
    ),
    (ParamKind::Reference, &["Reference"]),
    (ParamKind::String, &["HumanName", "Address"]),
    (ParamKind::Date, &["Period", "Timing"]),
    (ParamKind::Number, &["Range"]),
    (
        ParamKind::Quantity,
        &[
            "Quantity", "Age", "Count", "Distance", "Duration", "Money", "Range",
        ],
    ),
    (ParamKind::Uri, &[]),
];

fn primitive(kind: ParamKind, of: Primitive) -> bool {
    use Primitive as P;
    let uri = matches!(of, P::Uri | P::Url | P::Canonical | P::Oid | P::Uuid);
    let number = matches!(of, P::Integer | P::Decimal | P::PositiveInt | P::UnsignedInt);
    match kind {
        ParamKind::Token => !matches!(of, P::Base64Binary | P::Xhtml),
        ParamKind::Reference => uri || of == P::String,
        ParamKind::String => !number && !matches!(of, P::Boolean | P::Base64Binary | P::Xhtml),
        ParamKind::Date => matches!(of, P::Date | P::DateTime | P::Instant),
        ParamKind::Number => number,
        ParamKind::Uri => uri || of == P::String,
        ParamKind::Quantity | ParamKind::Composite | ParamKind::Special => false,
    }
}

pub fn fits(kind: ParamKind, of: &str) -> bool {
    match Primitive::of(of) {
        Some(of) => primitive(kind, of),
        None => wanted(kind).contains(&of),
    }
}

/// What to name in a refusal.
pub fn wanted(kind: ParamKind) -> &'static [&'static str] {
    let found = COMPLEX.iter().find(|(of, _)| *of == kind);
    found.map_or(&[], |(_, types)| types)
}
