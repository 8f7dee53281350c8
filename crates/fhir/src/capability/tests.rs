use super::{OAuth, Operation, Support, capability};
use crate::registry::registry;
use crate::{Resource, TypeId};

fn support<'a>() -> Support<'a> {
    Support {
        base: "https://baton.example/fhir",
        software_version: "0.1.0",
        date: "2026-11-22",
        formats: &["application/fhir+json"],
        patch_formats: &["application/json-patch+json"],
        type_interactions: &["read", "create", "search-type"],
        system_interactions: &["transaction"],
        conditional_create: true,
        operations: &[Operation {
            name: "process-message",
            definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
            on: None,
        }],
        oauth: Some(OAuth {
            token: "https://baton.example/oauth/token",
            authorize: "https://baton.example/oauth/authorize",
            register: None,
        }),
        ..Support::default()
    }
}

#[test]
fn every_type_is_told_and_the_statement_is_valid() {
    let statement = capability(&support());
    let resources = statement["rest"][0]["resource"].as_array().expect("resources");
    assert_eq!(resources.len(), registry().types().len());
    let resource = Resource::from_value(statement).expect("a resource");
    assert_eq!(crate::validate::validate(&resource), []);
}

#[test]
fn composites_and_positions_are_told() {
    let statement = capability(&support());
    let resources = statement["rest"][0]["resource"].as_array().expect("resources");
    let told = |on: &str, name: &str| {
        let at = usize::from(TypeId::of(on).expect("a type").0);
        let params = resources[at]["searchParam"].as_array().expect("parameters");
        params.iter().any(|param| param["name"] == name)
    };
    assert!(told("Observation", "component-code-value-quantity") && told("Location", "near"));
}
