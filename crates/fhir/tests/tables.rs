//! The committed tables are what the generator makes of the official definitions.
mod common;
#[path = "../examples/generate_tables/tables/mod.rs"]
mod tables;

use std::path::Path;

#[test]
fn tables_are_current() {
    let Some(definitions) = common::corpus("r4-definitions") else {
        return;
    };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for (name, text) in tables::generate(&definitions).expect("readable definitions") {
        let committed = std::fs::read_to_string(data.join(name)).expect("a committed table");
        assert!(
            committed == text,
            "{name} is out of date: run the generate_tables example"
        );
    }
}
