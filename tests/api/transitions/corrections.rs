//! What hospitals take back.
use crate::on_both;
use crate::support::care::{encounter, iso, patient, reason, reference};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::json;

on_both!(
    a_cancelled_discharge_retracts,
    a_second_discharge_restarts,
    a_cancelled_admission_cancels,
    over_fhir_as_well,
    an_update_neither_ends_nor_reopens
);

fn home(client: &Client, at: i64) -> (String, String) {
    let (patient, visit) = (unique("P"), unique("V"));
    client.taken(&Adt::new("A01", &patient, &visit));
    client.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(at), "01"));
    (patient, visit)
}

fn a_cancelled_discharge_retracts(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = home(&partner, 3);
    let before = partner.course(&visit);
    partner.taken(&Adt::new("A13", &patient, &visit).at(days_ago(2)));
    let course = partner.course(&visit);
    assert_eq!(course.stay["status"], "in-progress");
    assert!(course.stay["period"].get("end").is_none());
    assert!(
        course.stay["hospitalization"]
            .get("dischargeDisposition")
            .is_none()
    );
    assert_eq!(
        course.statuses(),
        ["cancelled", "revoked", "inactive", "cancelled"]
    );
    for derived in course.all() {
        assert_eq!(reason(derived), "discharge-cancelled", "{derived:#}");
    }
    let ids =
        |course: &crate::support::care::Course| -> Vec<String> { course.all().map(reference).collect() };
    assert_eq!(ids(&course), ids(&before), "cancelled, never deleted");
}

fn a_second_discharge_restarts(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = home(&partner, 4);
    let first = partner.course(&visit);
    partner.taken(&Adt::new("A13", &patient, &visit).at(days_ago(3)));
    partner.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(1), "06"));
    let course = partner.course(&visit);
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert_eq!(course.tasks.len(), first.tasks.len());
    for code in ["tcm-contact", "discharge-information", "follow-up-visit"] {
        assert!(
            course.due(code) > first.due(code),
            "{code}: the clock starts anew"
        );
        assert!(course.task(code).get("statusReason").is_none());
    }
    assert_ne!(
        course.episode["period"]["start"],
        first.episode["period"]["start"]
    );
    assert_eq!(
        partner
            .find(&format!(
                "EpisodeOfCare?patient={}",
                course.stay["subject"]["reference"].as_str().expect("a patient")
            ))
            .len(),
        1
    );
}

fn a_cancelled_admission_cancels(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = home(&partner, 3);
    partner.taken(&Adt::new("A11", &patient, &visit).at(days_ago(1)));
    let course = partner.course(&visit);
    assert_eq!(course.stay["status"], "cancelled");
    assert_eq!(
        course.statuses(),
        ["cancelled", "revoked", "inactive", "cancelled"]
    );
    assert_eq!(reason(course.task("tcm-contact")), "admission-cancelled");
    let (patient, visit) = (unique("P"), unique("V"));
    partner.taken(&Adt::new("A01", &patient, &visit));
    partner.taken(&Adt::new("A11", &patient, &visit).at(days_ago(4)));
    assert_eq!(partner.stay(&visit)["status"], "cancelled");
    assert!(partner.uneventful(&visit), "nothing to retract");
}

fn over_fhir_as_well(baton: &Baton) {
    let partner = baton.partner();
    for (status, why) in [
        ("in-progress", "discharge-cancelled"),
        ("cancelled", "admission-cancelled"),
        ("entered-in-error", "admission-cancelled"),
    ] {
        let id = unique("P");
        partner.put(&format!("Patient/{id}"), &patient(&id)).ok();
        let mut stay = encounter(&id, &iso(days_ago(5)), &iso(days_ago(1)));
        partner.put(&reference(&stay), &stay).ok();
        stay["status"] = json!(status);
        partner.put(&reference(&stay), &stay).ok();
        let course = partner.course_of(stay);
        assert_eq!(
            course.statuses(),
            ["cancelled", "revoked", "inactive", "cancelled"],
            "{status}"
        );
        assert_eq!(reason(course.task("follow-up-visit")), why, "{status}");
    }
    let id = unique("P");
    let stay = encounter(&id, &iso(days_ago(5)), &iso(days_ago(1)));
    partner.put(&reference(&stay), &stay).ok();
    partner.delete(&reference(&stay));
    let plan = partner.only(&format!("CarePlan?patient=Patient/{id}"));
    assert_eq!(
        (&plan["status"], reason(&plan)),
        (&json!("revoked"), "admission-cancelled"),
        "a deleted stay"
    );
}

fn an_update_neither_ends_nor_reopens(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    partner.taken(&Adt::new("A01", &patient, &visit));
    partner.taken(&Adt::new("A08", &patient, &visit).at(days_ago(4)));
    assert_eq!(partner.stay(&visit)["status"], "in-progress");
    partner.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(2), "01"));
    let before = partner.course(&visit);
    partner.taken(&Adt::new("A08", &patient, &visit).at(days_ago(1)));
    let after = partner.course(&visit);
    assert_eq!(after.stay["status"], "finished");
    assert_eq!(after.tasks, before.tasks);
    // Coded days later, the disposition of a nursing facility makes it no transition after all.
    let mut coded = Adt::new("A08", &patient, &visit).at(days_ago(1) + chrono::Duration::hours(1));
    coded.disposition = "03";
    partner.taken(&coded);
    let plan = partner.find(&format!("CarePlan?encounter={}", reference(&after.stay)));
    assert!(
        plan.iter()
            .all(|plan| plan["status"] == "revoked" && reason(plan) == "not-eligible"),
        "{plan:#?}"
    );
}
