//! The primitive types. <https://hl7.org/fhir/R4/datatypes.html#primitive>

/// A primitive type; `xhtml` counts as one because JSON shows it as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

const NAMES: [(Primitive, &str); 20] = [
    (Primitive::Base64Binary, "base64Binary"),
    (Primitive::Boolean, "boolean"),
    (Primitive::Canonical, "canonical"),
    (Primitive::Code, "code"),
    (Primitive::Date, "date"),
    (Primitive::DateTime, "dateTime"),
    (Primitive::Decimal, "decimal"),
    (Primitive::Id, "id"),
    (Primitive::Instant, "instant"),
    (Primitive::Integer, "integer"),
    (Primitive::Markdown, "markdown"),
    (Primitive::Oid, "oid"),
    (Primitive::PositiveInt, "positiveInt"),
    (Primitive::String, "string"),
    (Primitive::Time, "time"),
    (Primitive::UnsignedInt, "unsignedInt"),
    (Primitive::Uri, "uri"),
    (Primitive::Url, "url"),
    (Primitive::Uuid, "uuid"),
    (Primitive::Xhtml, "xhtml"),
];

impl Primitive {
    pub fn of(name: &str) -> Option<Primitive> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(primitive, _)| *primitive)
    }

    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }
}
