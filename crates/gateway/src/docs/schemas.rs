//! JSON schemas of resources and data types, from the element tables.
use super::COORDINATION;
use fhir::registry::{Definition, DefinitionId, Element, ElementType, Member, Primitive};
use fhir::{TypeId, registry};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{ComponentsBuilder, Ref, RefOr};

/// Codes beyond this many are left to the specification.
const ENUM_MOST: usize = 60;

/// The schema a type's paths refer to: its own where it has one, else the generic one.
pub fn name_for(on: TypeId) -> &'static str {
    if COORDINATION.contains(&on.name()) {
        on.name()
    } else {
        GENERIC
    }
}

/// Any resource.
pub const GENERIC: &str = "Resource";

/// Schemas of all that `types` need.
pub fn add(builder: ComponentsBuilder, types: &[TypeId]) -> ComponentsBuilder {
    let mut made = BTreeMap::new();
    let roots = types
        .iter()
        .map(|on| name_for(*on))
        .chain(["Bundle", "OperationOutcome", "Parameters"]);
    roots
        .filter_map(|name| registry().definition_named(name))
        .for_each(|id| collect(id, &mut made));
    made.insert("Resource".to_string(), Schema::Object(generic()));
    builder.schemas_from_iter(made)
}

/// Any resource: what is said of a type without a schema of its own.
fn generic() -> utoipa::openapi::Object {
    ObjectBuilder::new()
        .description(Some("Any FHIR R4 resource"))
        .property("resourceType", string())
        .property("id", string())
        .property("meta", Ref::from_schema_name("Meta"))
        .required("resourceType")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .build()
}

fn collect(id: DefinitionId, made: &mut BTreeMap<String, Schema>) {
    let definition = registry().definition(id);
    let name = schema_name(definition.name);
    if made.contains_key(&name) {
        return;
    }
    // Before the children: Extension and others contain themselves.
    made.insert(name.clone(), Schema::Object(ObjectBuilder::new().build()));
    let object = object(definition);
    made.insert(name, Schema::Object(object));
    for of in definition.elements.iter().flat_map(|element| &element.types) {
        if let ElementType::Complex(id) = of {
            collect(*id, made);
        }
    }
}

/// `Observation.component` is `ObservationComponent`.
fn schema_name(definition: &str) -> String {
    let parts = definition.split('.').map(|part| {
        let (first, rest) = part.split_at(1.min(part.len()));
        first.to_ascii_uppercase() + rest
    });
    parts.collect()
}

fn object(definition: &Definition) -> utoipa::openapi::Object {
    let mut builder = ObjectBuilder::new();
    if definition.resource.is_some() {
        let only = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some([definition.name]))
            .build();
        builder = builder.property("resourceType", only).required("resourceType");
    }
    for element in &definition.elements {
        for member in definition.members_of(element.name) {
            builder = builder.property(member.name.to_string(), schema_of(element, member));
        }
        if element.required && !element.choice {
            builder = builder.required(element.name);
        }
    }
    builder.build()
}

fn schema_of(element: &Element, member: &Member) -> RefOr<Schema> {
    let one = match member.of {
        ElementType::Complex(id) => Ref::from_schema_name(schema_name(registry().definition(id).name)).into(),
        ElementType::Resource => Ref::from_schema_name("Resource").into(),
        ElementType::Primitive(of) => RefOr::T(Schema::Object(primitive(of, element))),
    };
    if element.many {
        ArrayBuilder::new().items(one).into()
    } else {
        one
    }
}

fn primitive(of: Primitive, element: &Element) -> utoipa::openapi::Object {
    let builder = ObjectBuilder::new().schema_type(SchemaType::new(json_type(of)));
    let codes: Vec<&str> = match element.binding {
        Some(set) if of == Primitive::Code => {
            set.systems.iter().flat_map(|(_, codes)| codes.clone()).collect()
        }
        _ => Vec::new(),
    };
    match codes.len() {
        1..=ENUM_MOST => builder.enum_values(Some(codes)).build(),
        _ => builder.description(Some(format!("FHIR {}", of.name()))).build(),
    }
}

fn json_type(of: Primitive) -> Type {
    match of {
        Primitive::Boolean => Type::Boolean,
        Primitive::Decimal => Type::Number,
        Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt => Type::Integer,
        _ => Type::String,
    }
}

fn string() -> utoipa::openapi::Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}
