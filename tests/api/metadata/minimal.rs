//! The smallest valid resource of each type, from the registry: what R4 requires, and what its
//! invariants want beside that.
use fhir::registry::{Definition, Element, ElementType, Member, Primitive};
use fhir::{Resource, TypeId, registry, validate};
use serde_json::{Map, Value, json};

/// Members that invariants ask for, or that a first choice would break.
const MORE: [(&str, &str); 13] = [
    (
        "AllergyIntolerance",
        r#"{"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}}"#,
    ),
    (
        "Appointment",
        r#"{"status":"proposed","participant":[{"status":"accepted","actor":{"reference":"Patient/elsewhere"}}]}"#,
    ),
    (
        "AppointmentResponse",
        r#"{"actor":{"reference":"Patient/elsewhere"}}"#,
    ),
    (
        "CapabilityStatement",
        r#"{"kind":"requirements","description":"x","rest":[{"mode":"server"}]}"#,
    ),
    ("Consent", r#"{"policyRule":{"text":"x"}}"#),
    (
        "EventDefinition",
        r#"{"trigger":[{"type":"named-event","name":"x"}]}"#,
    ),
    (
        "ImmunizationRecommendation",
        r#"{"recommendation":[{"vaccineCode":[{"text":"x"}],"forecastStatus":{"text":"x"}}]}"#,
    ),
    ("InsurancePlan", r#"{"name":"x"}"#),
    (
        "Linkage",
        r#"{"item":[{"type":"source","resource":{"reference":"Patient/a"}},{"type":"alternate","resource":{"reference":"Patient/b"}}]}"#,
    ),
    ("Organization", r#"{"name":"x"}"#),
    ("SearchParameter", r#"{"status":"draft"}"#),
    (
        "StructureDefinition",
        r#"{"type":"Patient","kind":"resource","differential":{"element":[{"id":"Patient","path":"Patient"}]}}"#,
    ),
    (
        "TerminologyCapabilities",
        r#"{"kind":"requirements","description":"x"}"#,
    ),
];

pub fn minimal(on: &str) -> Value {
    let type_id = TypeId::of(on).expect("a type");
    let mut resource = object(registry().resource(type_id));
    resource.insert("resourceType".into(), json!(on));
    let more = MORE.iter().filter(|(name, _)| *name == on);
    for (_, text) in more {
        let more: Map<String, Value> = serde_json::from_str(text).expect("an object");
        resource.extend(more);
    }
    Value::Object(resource)
}

fn object(definition: &'static Definition) -> Map<String, Value> {
    let required = definition.elements.iter().filter(|element| element.required);
    let member = |element: &'static Element| {
        let member = definition.members_of(element.name).next()?;
        let value = value(element, member);
        let value = if element.many { json!([value]) } else { value };
        Some((member.name.to_string(), value))
    };
    required.filter_map(member).collect()
}

fn value(element: &'static Element, member: &Member) -> Value {
    match member.of {
        ElementType::Primitive(of) => primitive(of, element),
        ElementType::Resource => json!({"resourceType": "Basic", "code": {"text": "x"}}),
        ElementType::Complex(id) => {
            let definition = registry().definition(id);
            match definition.name {
                // Nothing in them is required, yet FHIR has no empty objects.
                "CodeableConcept" => json!({"text": "x"}),
                "Reference" => {
                    let target = element.targets.first().map_or("Patient", |on| on.name());
                    json!({"reference": format!("{target}/elsewhere")})
                }
                "Period" => json!({"start": "2020-01-01"}),
                "Identifier" => json!({"value": "x"}),
                "Coding" => json!({"code": "x"}),
                "Quantity" | "Duration" | "Age" | "Money" | "Count" | "Distance" => json!({"value": 1}),
                "Attachment" => json!({"title": "x"}),
                _ => match object(definition) {
                    empty if empty.is_empty() => json!({"id": "x"}),
                    object => Value::Object(object),
                },
            }
        }
    }
}

fn primitive(of: Primitive, element: &Element) -> Value {
    let codes = element.binding.into_iter().flat_map(|set| &set.systems);
    let mut codes = codes.flat_map(|(_, codes)| codes.iter());
    match of {
        Primitive::Boolean => json!(true),
        Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt => json!(1),
        Primitive::Decimal => json!(1.5),
        Primitive::Date => json!("2020-01-01"),
        Primitive::DateTime | Primitive::Instant => json!("2020-01-01T00:00:00Z"),
        Primitive::Time => json!("10:00:00"),
        Primitive::Base64Binary => json!("eA=="),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => json!("http://walk.example/x"),
        Primitive::Oid => json!("urn:oid:1.2.3"),
        Primitive::Uuid => json!("urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-0b6ae9a06f3c"),
        Primitive::Xhtml => json!("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"),
        Primitive::Code => codes.next().map_or(json!("x"), |code| json!(code)),
        _ => json!("x"),
    }
}

#[test]
fn every_type_has_a_smallest_resource() {
    let wrong: Vec<String> = registry()
        .types()
        .iter()
        .filter_map(|on| {
            let resource = Resource::from_value(minimal(on.name())).expect("a resource");
            let issues = validate::validate(&resource);
            let errors: Vec<String> = issues
                .iter()
                .filter(|i| i.is_error())
                .map(|i| i.to_string())
                .collect();
            (!errors.is_empty()).then(|| format!("{}: {errors:?}", on.name()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
