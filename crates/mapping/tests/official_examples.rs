//! Every official R4 example of the four types is read, where the corpus is at hand.
use mapping::{MappingError, Order, Plan, Stay, WorkTask};
use serde_json::Value;
use std::path::PathBuf;

fn corpus() -> Option<PathBuf> {
    let cache = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let cache = || {
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(cache)
    };
    let corpus = std::env::var_os("BATON_CORPUS")
        .map(PathBuf::from)
        .or_else(|| Some(cache()?.join("baton-corpus")))?;
    Some(corpus.join("r4-examples/resources")).filter(|folder| folder.is_dir())
}

fn read(resource: &Value) -> Option<Result<(), MappingError>> {
    Some(match resource["resourceType"].as_str()? {
        "Encounter" => Stay::from_json(resource).map(drop),
        "CarePlan" => Plan::from_json(resource).map(drop),
        "Task" => WorkTask::from_json(resource).map(drop),
        "ServiceRequest" => Order::from_json(resource).map(drop),
        _ => return None,
    })
}

#[test]
fn official_examples_are_read() {
    let Some(folder) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let mut read_count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(resource) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()) else {
            continue;
        };
        if let Some(result) = read(&resource) {
            assert_eq!(result, Ok(()), "{}", path.display());
            read_count += 1;
        }
    }
    assert!(read_count > 40, "{read_count} examples");
}
