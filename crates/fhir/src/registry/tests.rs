use super::*;
use std::collections::HashSet;

fn observation() -> TypeId {
    TypeId::of("Observation").expect("a type")
}

#[test]
fn types_are_the_146_concrete_resources() {
    assert_eq!(registry().types().len(), 146);
    assert_eq!(TypeId::of("DomainResource"), None);
    assert!(
        registry()
            .types()
            .iter()
            .all(|t| TypeId::of(t.name()) == Some(*t))
    );
}

#[test]
fn parameter_ids_do_not_collide() {
    let params = registry().types().iter().flat_map(|t| registry().params(*t));
    let ids: Vec<ParamId> = params.flat_map(|p| [p.id, p.identifier_id()]).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn aliases_point_to_owners() {
    for param in registry().types().iter().flat_map(|t| registry().params(*t)) {
        for owner in &param.same_as {
            let owner = registry().param_by_id(*owner).expect("an alias of something");
            assert!(
                owner.same_as.is_empty() && owner.kind == param.kind,
                "{}.{}",
                param.on.name(),
                param.code
            );
        }
    }
}

#[test]
fn patient_reads_the_rows_of_subject() {
    let patient = registry().param(observation(), "patient").expect("a parameter");
    let subject = registry().param(observation(), "subject").expect("a parameter");
    assert_eq!(patient.same_as, [subject.id]);
    assert_eq!(patient.only_targets, [TypeId::of("Patient").expect("a type")]);
}

#[test]
fn shared_parameters_are_cut_down_to_the_type() {
    let code = registry().param(observation(), "code").expect("a parameter");
    assert_eq!(code.expression, "Observation.code");
    assert!(registry().param(observation(), "_lastUpdated").is_some());
}

#[test]
fn baton_finds_tasks_by_deadline() {
    let due = registry()
        .param(TypeId::of("Task").expect("a type"), "due")
        .expect("a parameter");
    assert_eq!(
        (due.kind, due.expression),
        (ParamKind::Date, "Task.restriction.period.end")
    );
}

#[test]
fn choices_have_a_member_per_type() {
    let definition = registry().resource(observation());
    let member = definition.member("valueQuantity").expect("a member");
    let element = definition.element(member);
    assert!(element.choice && element.name == "value" && !element.many);
    assert_eq!(definition.members_of("value").count(), 11);
    assert!(definition.member("value").is_none());
}

#[test]
fn bindings_know_their_codes() {
    let definition = registry().resource(observation());
    let status = definition.element(definition.member("status").expect("a member"));
    let codes = status.binding.expect("a closed list");
    assert!(status.required && codes.contains_code("final") && !codes.contains_code("finished"));
}

#[test]
fn content_references_lead_to_their_section() {
    let id = registry()
        .definition_named("Observation.component")
        .expect("a section");
    let member = registry()
        .definition(id)
        .member("referenceRange")
        .expect("a member");
    let expected = registry()
        .definition_named("Observation.referenceRange")
        .map(ElementType::Complex);
    assert_eq!(Some(member.of), expected);
}

#[test]
fn compartments_name_their_parameters() {
    let patient = TypeId::of("Patient").expect("a type");
    assert_eq!(
        registry().compartment(patient, observation()),
        ["subject", "performer"]
    );
    assert!(
        registry()
            .compartment(patient, TypeId::of("Location").expect("a type"))
            .is_empty()
    );
}
