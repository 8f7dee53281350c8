//! Scenes of transitional care, living through thirty days in a line each.
mod corrections;
mod deadlines;
mod people;
mod readmissions;
#[path = "../world/mod.rs"]
mod world;

use world::{World, encounter, noon};

/// Discharged home on Friday 20 November 2026 after four days: a World already reconciled.
fn discharged() -> World {
    let mut world = World::new();
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    world.run(noon(20));
    world
}

fn open_tasks(world: &World) -> usize {
    world
        .facts
        .existing
        .values()
        .filter(|r| r["resourceType"] == "Task" && r["status"] == "requested")
        .count()
}
