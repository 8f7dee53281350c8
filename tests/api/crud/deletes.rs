//! delete and conditional delete: what is said, and how many may go at once.
//! <https://hl7.org/fhir/R4/http.html#delete>
use super::{basic, conditionally, with_id};
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::{Value, json};

on_both!(a_delete_says_what_it_did, one_match_is_all_a_delete_takes);
on_both_databases!(several_go_up_to_the_limit);

fn prefer(partner: &Client, path: &str, how: &str) -> Reply {
    conditionally(partner, "DELETE", path, ("prefer", how), &Value::Null)
}

fn a_delete_says_what_it_did(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/gone", &with_id("gone", "x")).ok();
    let told = prefer(&partner, "Basic/gone", "return=OperationOutcome");
    assert_eq!((told.status, told.header("etag")), (200, "W/\"2\""));
    assert_eq!(told.header("preference-applied"), "return=OperationOutcome");
    assert_eq!(told.json()["issue"][0]["severity"], "information");
    assert!(told.text.contains("Basic/gone deleted"), "{}", told.text);
    let again = prefer(&partner, "Basic/gone", "return=OperationOutcome");
    assert!(
        again.status == 200 && again.text.contains("not there"),
        "{}",
        again.text
    );
    let never = prefer(&partner, "Basic/never", "return=representation");
    assert_eq!((never.status, never.text.as_str()), (204, ""));
    let none = prefer(&partner, "Basic?_id=never", "return=OperationOutcome");
    assert!(
        none.status == 200 && none.text.contains("nothing"),
        "{}",
        none.text
    );
    let gone = partner.get("Basic/gone");
    gone.refused(410, "deleted");
    assert_eq!(gone.header("etag"), "W/\"2\"");
}

fn tagged(text: &str) -> Value {
    let mut resource = basic(text);
    resource["identifier"] = json!([{"system": "urn:batch", "value": "d"}]);
    resource
}

const THESE: &str = "Basic?identifier=urn:batch|d";

fn one_match_is_all_a_delete_takes(baton: &Baton) {
    let partner = baton.partner();
    let statement = baton.anonymous().get("metadata").ok();
    assert_eq!(statement["rest"][0]["resource"][0]["conditionalDelete"], "single");
    for n in 0..2 {
        partner.post("Basic", &tagged(&n.to_string())).ok();
    }
    partner.delete(THESE).refused(412, "more than 1");
    assert_eq!(partner.find(THESE).len(), 2);
}

fn several_go_up_to_the_limit(database: Database) {
    let file = database.folder().join("baton.toml");
    std::fs::write(&file, "[limits]\nconditional_delete = 5\n").expect("a settings file");
    let args = vec!["--config".to_string(), file.display().to_string()];
    let baton = Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    );
    let partner = baton.partner();
    let statement = baton.anonymous().get("metadata").ok();
    assert_eq!(
        statement["rest"][0]["resource"][0]["conditionalDelete"],
        "multiple"
    );
    for n in 0..6 {
        partner.post("Basic", &tagged(&n.to_string())).ok();
    }
    partner.delete(THESE).refused(412, "more than 5");
    assert_eq!(partner.find(THESE).len(), 6, "all or nothing");
    let one = partner.find(THESE)[0]["id"].as_str().expect("an id").to_string();
    partner.delete(&format!("Basic/{one}"));
    let guarded = ("if-match", "W/\"1\"");
    conditionally(&partner, "DELETE", THESE, guarded, &Value::Null).refused(412, "If-Match");
    let done = partner.delete(THESE);
    assert!(
        done.status == 200 && done.text.contains("5 Basic resources deleted"),
        "{}",
        done.text
    );
    assert!(partner.find(THESE).is_empty());
    assert_eq!(partner.delete(THESE).status, 204);
}
