//! SQLite's log is copied into the file while writing goes on, by who does not write.
mod support;

use fhir::event::derived_id;
use serde_json::json;
use store::Expect;
use support::{Database, at, put, run, type_id};

const MIB: u64 = 1 << 20;

/// What cannot be packed: 600 KB.
fn noise() -> String {
    let id = |n: u64| derived_id(&[&n.to_string()]).replace('-', "");
    (0..18_750).map(id).collect()
}

#[test]
fn the_log_is_copied_beside_the_writer() {
    let database = Database::sqlite();
    let Database::Sqlite { file } = &database else {
        panic!("a file")
    };
    let size = |ending: &str| {
        let path = format!("{}{ending}", file.display());
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    let (store, noise) = (database.open(), noise());
    let data = |n: usize| [&noise[n..], &noise[..n]].concat();
    let write = |n: usize| {
        let value = json!({ "resourceType": "Binary", "id": format!("b{n}"), "contentType": "text/plain", "data": data(n) });
        run(store.commit(vec![put(value, Expect::Any)], at(0))).expect("stored");
    };
    // 36 MiB in all; the writer itself would begin at 64.
    let most = 120;
    (0..most).for_each(write);
    assert!(
        size("") > 12 * MIB,
        "{} MiB copied, {} in the log",
        size("") / MIB,
        size("-wal") / MIB
    );
    let last = run(store.fetch(type_id("Binary"), format!("b{}", most - 1))).expect("read");
    assert!(last.is_some_and(|last| last.body.contains(&data(most - 1))));
    store.close();
}
