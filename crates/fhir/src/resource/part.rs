//! Some members of a resource as values: few of them say whose it is, and reading all would cost
//! more than the answer. <https://hl7.org/fhir/R4/json.html>
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members that are wanted, of text that was parsed before.
pub(super) fn part(text: &str, wanted: impl Fn(&str) -> bool) -> serde_json::Result<Value> {
    Part(wanted).deserialize(&mut serde_json::Deserializer::from_str(text))
}

struct Part<F>(F);

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for Part<F> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Part<F> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match (self.0)(&name) {
                true => {
                    found.insert(name, members.next_value()?);
                }
                false => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(found))
    }
}
