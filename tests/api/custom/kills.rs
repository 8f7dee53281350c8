//! `kill -9` while stored resources are indexed: the next server goes on where the last one was.
use super::changes::fill;
use super::{definition, ids, parameter, settled, status, until};
use crate::on_both_databases;
use crate::support::{Baton, Database, Options};
use std::sync::Arc;

on_both_databases!(indexing_goes_on_after_a_kill);

const MANY: usize = 3_000;

fn indexing_goes_on_after_a_kill(database: Database) {
    let database = Arc::new(database);
    let mut baton = Baton::on(database.clone(), &Options::default());
    fill(&baton.partner(), MANY);
    let sought = definition("sought", "Patient", "string", "Patient.name.family");
    baton.partner().put("SearchParameter/sought", &sought).ok();
    let (mut before, mut kills) = (0, 0);
    loop {
        let client = baton.partner();
        let mut now = before;
        until("further", || {
            let told = status(&client, "sought");
            now = parameter(&told, "done").as_i64().expect("a number");
            assert!(now >= before, "{before} were done: {told}");
            now > before || parameter(&told, "state") == "serving"
        });
        if parameter(&status(&client, "sought"), "state") == "serving" || kills == 3 {
            break;
        }
        before = now;
        baton.kill();
        kills += 1;
        baton = Baton::on(database.clone(), &Options::default());
    }
    assert!(kills > 0, "it was done before it could be killed");
    let client = baton.partner();
    settled(&client, &["sought"]);
    let told = status(&client, "sought");
    assert_eq!(parameter(&told, "done"), MANY, "each once: {told}");
    assert_eq!(parameter(&told, "failed"), 0);
    for family in ["F0", "F1", "F2"] {
        let by_own = ids(&client, &format!("Patient?sought={family}&_count=500"));
        assert_eq!(by_own.len(), MANY / 3);
        assert_eq!(
            by_own,
            ids(&client, &format!("Patient?family={family}&_count=500"))
        );
    }
}
