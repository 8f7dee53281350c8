//! All or nothing, in order, each resource once. <https://hl7.org/fhir/R4/http.html#trules>
use super::{ONE, TWO, bare, basic, patient, place, post, put, statuses, transact, unless};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(
    all_or_nothing,
    entries_work_in_the_order_of_the_specification,
    versions_guard_entries,
    the_same_resource_twice_is_refused
);

fn all_or_nothing(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/stays", &basic("stays")).ok();
    let wrong = json!({"resourceType": "Observation", "status": "finished", "code": {"text": "x"}});
    let refused = transact(
        &partner,
        json!([
            post(ONE, patient("never")),
            bare("DELETE", "Basic/stays"),
            post(TWO, wrong)
        ]),
    );
    assert_eq!(
        refused.refused(422, "status")["issue"][0]["expression"][0],
        "Bundle.entry[2].resource.status"
    );

    let mut guarded = put("Basic/stays", basic("stays"));
    guarded["request"]["ifMatch"] = json!("W/\"9\"");
    let refused = transact(&partner, json!([post(ONE, patient("never")), guarded]));
    assert_eq!(
        refused.refused(412, "version 1")["issue"][0]["expression"][0],
        "Bundle.entry[1]"
    );
    let refused = transact(
        &partner,
        json!([post(ONE, patient("never")), bare("GET", "Basic/none")]),
    );
    assert_eq!(
        refused.refused(404, "no Basic")["issue"][0]["expression"][0],
        "Bundle.entry[1]"
    );
    assert!(partner.find("Patient?identifier=urn:mrn|never").is_empty());
    assert_eq!(partner.get("Basic/stays").header("etag"), "W/\"1\"");
}

fn entries_work_in_the_order_of_the_specification(baton: &Baton) {
    let partner = baton.partner();
    partner.post("Patient", &patient("order")).ok();
    partner.put("Basic/order", &basic("order")).ok();
    let done = transact(
        &partner,
        json!([
            bare("GET", "Basic/order"),
            put(
                "Basic/order",
                json!({"resourceType": "Basic", "id": "order", "code": {"text": "new"}})
            ),
            bare("GET", "Patient?identifier=urn:mrn|order"),
            post(ONE, patient("order")),
            bare("DELETE", "Patient?identifier=urn:mrn|order"),
        ]),
    );
    assert_eq!(statuses(&done), ["200", "200", "200", "201", "204"]);
    let answer = done.ok();
    assert_eq!(answer["entry"][0]["resource"]["code"]["text"], "new");
    let found = answer["entry"][2]["resource"]["entry"]
        .as_array()
        .expect("a match");
    assert_eq!(
        (found.len(), found[0]["resource"]["id"].as_str()),
        (1, place(&done, 3).split_once('/').map(|(_, id)| id))
    );
}

fn versions_guard_entries(baton: &Baton) {
    let partner = baton.partner();
    let with = |member: &str, value: &str| {
        let mut entry = put("Basic/g", basic("g"));
        entry["request"][member] = json!(value);
        transact(&partner, json!([entry]))
    };
    assert_eq!(statuses(&with("ifNoneMatch", "*")), ["201"]);
    with("ifNoneMatch", "*").refused(412, "version 1");
    with("ifMatch", "W/\"2\"").refused(412, "version 1");
    with("ifMatch", "nonsense").refused(400, "ETag");
    assert!(with("ifMatch", "W/\"1\"").status == 200);
    let mut delete = bare("DELETE", "Basic?_id=g");
    delete["request"]["ifMatch"] = json!("W/\"9\"");
    transact(&partner, json!([delete])).refused(412, "version");
    let mut read = bare("GET", "Basic/g");
    read["request"]["ifNoneMatch"] = partner.get("Basic/g").header("etag").into();
    assert_eq!(statuses(&transact(&partner, json!([read]))), ["304"]);
}

fn the_same_resource_twice_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let twice = [
        json!([put("Basic/d", basic("d")), put("Basic/d", basic("d"))]),
        json!([put("Basic/d", basic("d")), bare("DELETE", "Basic/d")]),
        json!([post(ONE, patient("d")), post(ONE, patient("e"))]),
        json!([
            unless(post(ONE, patient("d")), "identifier=urn:mrn|d"),
            unless(post(TWO, patient("d")), "identifier=urn:mrn|d")
        ]),
    ];
    for entries in twice {
        let outcome = transact(&partner, entries).refused(400, "only once");
        assert_eq!(outcome["issue"][0]["expression"][0], "Bundle.entry[1]");
        assert_eq!(outcome["issue"][0]["code"], "duplicate");
    }
    assert_eq!(partner.get("Basic/d").status, 404);
}
