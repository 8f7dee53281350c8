//! What expressions work on: JSON nodes that know their FHIR type, and computed values.
use super::ast::Literal;
use crate::TypeId;
use crate::registry::{DefinitionId, ElementType, Primitive, registry};
use serde_json::Value;
use std::borrow::Cow;

/// One item of a result.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    pub(super) data: Data<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum Data<'a> {
    /// Part of the resource; `extra` is the `_name` member beside a primitive.
    Node {
        value: &'a Value,
        extra: Option<&'a Value>,
        of: Of,
    },
    /// What a reference leads to, as far as the reference itself says.
    Target(TypeId),
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    String(Cow<'a, str>),
    Temporal(Cow<'a, str>),
    Quantity(f64, Cow<'a, str>),
    /// What `type()` tells: namespace and name.
    Type(&'static str, Cow<'static, str>),
}

/// The FHIR type of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Of {
    Primitive(Primitive),
    Complex(DefinitionId),
    /// JSON whose type nothing says.
    Unknown,
}

impl<'a> Item<'a> {
    /// A resource, or JSON whose type is guessed from its form.
    pub(crate) fn of_json(value: &'a Value) -> Item<'a> {
        let of = match value {
            Value::Object(_) => resource_definition(value).map_or(Of::Unknown, Of::Complex),
            Value::String(_) => Of::Primitive(Primitive::String),
            Value::Bool(_) => Of::Primitive(Primitive::Boolean),
            Value::Number(number) if number.is_f64() => Of::Primitive(Primitive::Decimal),
            Value::Number(_) => Of::Primitive(Primitive::Integer),
            Value::Null | Value::Array(_) => Of::Unknown,
        };
        Item {
            data: Data::Node {
                value,
                extra: None,
                of,
            },
        }
    }

    pub(crate) fn node(value: &'a Value, extra: Option<&'a Value>, of: ElementType) -> Item<'a> {
        let of = match of {
            ElementType::Primitive(primitive) => Of::Primitive(primitive),
            ElementType::Complex(id) => Of::Complex(id),
            ElementType::Resource => return Item::of_json(value),
        };
        Item {
            data: Data::Node { value, extra, of },
        }
    }

    pub(super) fn boolean(value: bool) -> Item<'a> {
        Item {
            data: Data::Boolean(value),
        }
    }

    pub(super) fn integer(value: usize) -> Item<'a> {
        Item {
            data: Data::Integer(i64::try_from(value).unwrap_or(i64::MAX)),
        }
    }

    pub(super) fn string(value: impl Into<Cow<'a, str>>) -> Item<'a> {
        Item {
            data: Data::String(value.into()),
        }
    }

    pub(super) fn literal(literal: &'a Literal) -> Option<Item<'a>> {
        let data = match literal {
            Literal::Empty | Literal::Pattern(_) => return None,
            Literal::Boolean(value) => Data::Boolean(*value),
            Literal::Integer(value) => Data::Integer(*value),
            Literal::Decimal(value) => Data::Decimal(*value),
            Literal::String(value) => Data::String(value.as_str().into()),
            Literal::Temporal(value) => Data::Temporal(value.as_str().into()),
            Literal::Quantity(value, unit) => Data::Quantity(*value, unit.as_str().into()),
        };
        Some(Item { data })
    }

    /// The JSON of an item that is part of the resource; none for computed values and for
    /// primitives that have only extensions.
    pub fn json(&self) -> Option<&'a Value> {
        match &self.data {
            Data::Node { value, .. } if !value.is_null() => Some(value),
            _ => None,
        }
    }

    /// The FHIR type, such as `CodeableConcept` or `dateTime`; a backbone element is named by its
    /// path (`Observation.component`).
    pub fn type_name(&self) -> &'static str {
        match &self.data {
            Data::Node {
                of: Of::Primitive(primitive),
                ..
            } => primitive.name(),
            Data::Node {
                of: Of::Complex(id), ..
            } => registry().definition(*id).name,
            Data::Node { of: Of::Unknown, .. } => "Element",
            Data::Target(type_id) => type_id.name(),
            Data::Boolean(_) => "boolean",
            Data::Integer(_) => "integer",
            Data::Decimal(_) => "decimal",
            Data::String(_) => "string",
            Data::Temporal(text) if text.starts_with('T') => "time",
            Data::Temporal(text) if text.contains('T') => "dateTime",
            Data::Temporal(_) => "date",
            Data::Quantity(..) => "Quantity",
            Data::Type(..) => "SimpleTypeInfo",
        }
    }

    /// `System.Integer` of computed values, `FHIR.integer` of elements.
    pub(super) fn type_info(&self) -> Option<Item<'a>> {
        let name = self.type_name();
        let capital = || name[..1].to_ascii_uppercase() + &name[1..];
        let data = match self.data {
            Data::Type(..) => return None,
            Data::Node { .. } | Data::Target(_) => Data::Type("FHIR", name.into()),
            _ => Data::Type("System", capital().into()),
        };
        Some(Item { data })
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Node { value, .. } => value.as_str(),
            Data::String(text) | Data::Temporal(text) => Some(text),
            _ => None,
        }
    }

    /// As `toString()` gives it; none for elements with members.
    pub fn text(&self) -> Option<String> {
        super::convert::text(self)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match &self.data {
            Data::Node { value, .. } => value.as_bool(),
            Data::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match &self.data {
            Data::Node { value, .. } => value.as_f64(),
            Data::Integer(value) => Some(*value as f64),
            Data::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether the item is of that type or of one derived from it.
    pub(super) fn is(&self, name: &str) -> bool {
        let own = self.type_name();
        same_type(own, name) || base_of(self, own).is_some_and(|bases| bases.contains(&name))
    }

    /// For `as` and `ofType()`: a `code` is not selected as a `string`.
    pub(super) fn selects(&self, name: &str) -> bool {
        let derived = Primitive::of(name).is_none() && self.is(name);
        derived || same_type(self.type_name(), name)
    }
}

fn resource_definition(value: &Value) -> Option<DefinitionId> {
    let type_id = TypeId::of(value.get("resourceType")?.as_str()?)?;
    Some(registry().resource_id(type_id))
}

/// System types are FHIR's with a capital first letter.
fn same_type(own: &str, name: &str) -> bool {
    own.get(1..) == name.get(1..)
        && own
            .get(..1)
            .zip(name.get(..1))
            .is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// <https://hl7.org/fhir/R4/datatypes.html>: the types a type derives from.
fn base_of(item: &Item, own: &str) -> Option<&'static [&'static str]> {
    match own {
        "code" | "id" | "markdown" => Some(&["string", "Element"]),
        "url" | "canonical" | "oid" | "uuid" => Some(&["uri", "Element"]),
        "positiveInt" | "unsignedInt" => Some(&["integer", "Element"]),
        "Age" | "Count" | "Distance" | "Duration" => Some(&["Quantity", "Element"]),
        "Binary" | "Bundle" | "Parameters" => Some(&["Resource"]),
        _ if TypeId::of(own).is_some() => Some(&["DomainResource", "Resource"]),
        _ if own.contains('.') => Some(&["BackboneElement", "Element"]),
        _ => matches!(item.data, Data::Node { .. }).then_some(&["Element"]),
    }
}
