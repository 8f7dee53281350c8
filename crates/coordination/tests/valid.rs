//! What Baton derives is held to the rules it holds others to.
mod world;

use mapping::{Plan, WorkTask};
use world::{World, encounter, noon};

#[test]
fn derived_resources_are_valid_open_and_closed_and_read_back_as_models() {
    let mut world = World::new();
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    world.run(noon(20));
    world.diagnosis("c", "I50.9");
    world.diagnosis("d", "J44.1");
    world.run(noon(20));
    let open = world.facts.existing.clone();
    world.facts.person.death = coordination::facts::Death::Dead(None);
    world.run(noon(21));
    for resource in open.values().chain(world.facts.existing.values()) {
        match resource["resourceType"].as_str() {
            Some("Task") => assert_eq!(WorkTask::from_json(resource).unwrap().id, resource["id"]),
            Some("CarePlan") => assert_eq!(Plan::from_json(resource).unwrap().id, resource["id"]),
            _ => {}
        }
        let resource = fhir::Resource::from_value(resource.clone()).unwrap();
        assert_eq!(fhir::validate::validate(&resource), [], "{}", resource.text);
    }
}

#[test]
fn the_built_in_protocol_is_a_valid_plan_definition() {
    let text = coordination::protocol::TRANSITIONAL_CARE.as_bytes();
    let resource = fhir::Resource::parse(text).unwrap();
    assert_eq!(fhir::validate::validate(&resource), []);
}
