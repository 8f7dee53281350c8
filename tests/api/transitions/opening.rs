//! Whatever door a discharge comes by, the same is opened.
use crate::support::care::{Course, encounter, iso, notification, patient, reference};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client, Database, Options};
use crate::{on_both, on_both_databases};
use serde_json::{Value, json};

on_both!(by_adt, by_notification, by_put, by_transaction, the_worklist);
on_both_databases!(with_a_coordinator);

const STEPS: [&str; 5] = [
    "tcm-contact",
    "discharge-information",
    "medication-reconciliation",
    "follow-up-visit",
    "patient-education",
];

/// Everything of an opened transition hangs together, and is accepted as it is by its own server.
fn complete(client: &Client, course: &Course) {
    let (stay, subject) = (
        json!(reference(&course.stay)),
        &course.stay["subject"]["reference"],
    );
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    let program = json!({"system": "urn:baton:program", "code": "transitional-care"});
    assert_eq!(course.episode["type"][0]["coding"][0], program);
    assert_eq!(course.episode["patient"]["reference"], *subject);
    assert_eq!(
        course.episode["team"][0]["reference"],
        json!(reference(&course.team))
    );
    let categories: Vec<&Value> = course.plan["category"]
        .as_array()
        .expect("categories")
        .iter()
        .map(|it| &it["coding"][0])
        .collect();
    assert!(categories.contains(&&program), "{categories:?}");
    assert!(
        categories.iter().any(|it| it["code"] == "assess-plan"),
        "{categories:?}"
    );
    assert_eq!(course.plan["encounter"]["reference"], stay);
    assert_eq!(
        course.plan["careTeam"][0]["reference"],
        json!(reference(&course.team))
    );
    let mut listed: Vec<&str> = course.plan["activity"]
        .as_array()
        .expect("activities")
        .iter()
        .filter_map(|it| it["reference"]["reference"].as_str())
        .collect();
    let mut tasks: Vec<String> = course.tasks.iter().map(reference).collect();
    listed.sort_unstable();
    tasks.sort_unstable();
    assert_eq!(listed, tasks);
    assert_eq!(tasks.len(), STEPS.len());
    for task in STEPS.map(|step| course.task(step)) {
        assert_eq!(task["basedOn"][0]["reference"], json!(reference(&course.plan)));
        assert_eq!(
            (&task["encounter"]["reference"], &task["for"]["reference"]),
            (&stay, subject)
        );
        assert!(task["owner"]["reference"].is_string() && task["restriction"]["period"]["end"].is_string());
        assert_eq!(
            task["instantiatesCanonical"],
            "urn:baton:protocol:transitional-care|1.0.0"
        );
    }
    for derived in course.all() {
        let again = client.put(&reference(derived), derived);
        assert_eq!(again.status, 200, "{}: {}", reference(derived), again.text);
    }
}

/// Members of the team by SNOMED CT role.
fn member<'a>(course: &'a Course, role: &str) -> Option<&'a str> {
    let members = course.team["participant"].as_array().expect("members");
    let found = members
        .iter()
        .find(|member| member["role"][0]["coding"][0]["code"] == role);
    found.map(|member| member["member"]["reference"].as_str().expect("a reference"))
}

const PCP: &str = "446050000";
const COORDINATOR: &str = "768820003";
const ATTENDING: &str = "405279007";

fn discharged(client: &Client, extra: &str) -> Course {
    let (patient, visit) = (unique("P"), unique("V"));
    client.taken(&Adt::new("A01", &patient, &visit));
    let mut discharge = Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01");
    discharge.extra = vec![extra.to_owned()];
    client.taken(&discharge);
    client.course(&visit)
}

fn by_adt(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let pd1 = discharged(&partner, "PD1||||1700123455^Family^Fran^^^^MD^^NPI");
    complete(&partner, &pd1);
    let doctor = member(&pd1, PCP).expect("PD1-4").to_owned();
    assert_eq!(pd1.task("tcm-contact")["owner"]["reference"], doctor.as_str());
    assert_eq!(partner.get(&doctor).ok()["name"][0]["family"], "Family");
    let attending = partner.get(member(&pd1, ATTENDING).expect("PV1-7")).ok();
    assert_eq!(attending["identifier"][0]["value"], "1234567893");
    let rol = discharged(&partner, "ROL||UP|PP|1700123455^Family^Fran^^^^MD^^NPI");
    assert_eq!(
        member(&rol, PCP),
        Some(doctor.as_str()),
        "the same person by PD1 and ROL"
    );
    assert_eq!(member(&rol, COORDINATOR), None);
}

fn by_notification(baton: &Baton) {
    let partner = baton.partner();
    let person = patient(&unique("P"));
    let id = person["id"].as_str().expect("an id");
    let stay = encounter(id, &iso(days_ago(5)), &iso(days_ago(1)));
    let mut bundle = notification("notification-discharge", &stay, &person);
    for (id, npi) in [("family-doctor", "1700123455"), ("attending", "1234567893")] {
        let practitioner = json!({"resourceType": "Practitioner", "id": id,
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}]});
        let url = format!("https://general.example.org/fhir/Practitioner/{id}");
        bundle["entry"]
            .as_array_mut()
            .expect("entries")
            .push(json!({"fullUrl": url, "resource": practitioner}));
    }
    assert_eq!(partner.post("$process-message", &bundle).status, 200);
    let course = partner.course(stay["id"].as_str().expect("an id"));
    complete(&partner, &course);
    let npi =
        |role: &str| partner.get(member(&course, role).expect(role)).ok()["identifier"][0]["value"].clone();
    assert_eq!(
        (npi(PCP), npi(ATTENDING)),
        (json!("1700123455"), json!("1234567893"))
    );
}

fn by_put(baton: &Baton) {
    let partner = baton.partner();
    let id = unique("P");
    partner.put(&format!("Patient/{id}"), &patient(&id)).ok();
    let mut stay = encounter(&id, &iso(days_ago(5)), &iso(days_ago(1)));
    stay["status"] = json!("in-progress");
    partner.put(&reference(&stay), &stay).ok();
    assert!(partner.find(&format!("CarePlan?patient=Patient/{id}")).is_empty());
    stay["status"] = json!("finished");
    partner.put(&reference(&stay), &stay).ok();
    let course = partner.course_of(stay);
    complete(&partner, &course);
    assert_eq!(member(&course, PCP), Some("Practitioner/family-doctor"));
    assert_eq!(member(&course, ATTENDING), Some("Practitioner/attending"));
}

fn by_transaction(baton: &Baton) {
    let partner = baton.partner();
    let mut stay = encounter("to-be", &iso(days_ago(5)), &iso(days_ago(1)));
    stay["subject"] = json!({"reference": "urn:uuid:0f6a1c9e-0000-4000-8000-000000000001"});
    let visit = stay["identifier"][0]["value"]
        .as_str()
        .expect("a visit")
        .to_owned();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:0f6a1c9e-0000-4000-8000-000000000002", "resource": stay,
         "request": {"method": "POST", "url": "Encounter"}},
        {"fullUrl": "urn:uuid:0f6a1c9e-0000-4000-8000-000000000001", "resource": patient("to-be"),
         "request": {"method": "POST", "url": "Patient"}},
    ]});
    partner.post("", &bundle).ok();
    let course = partner.course(&visit);
    complete(&partner, &course);
    assert_eq!(
        member(&course, PCP),
        Some("Practitioner/family-doctor"),
        "of the Patient of the same transaction"
    );
}

fn with_a_coordinator(database: Database) {
    let env = vec![("BATON_PRACTICE_COORDINATOR".into(), "Practitioner/grace".into())];
    let baton = Baton::start(
        database,
        Options {
            env,
            ..Options::default()
        },
    );
    baton.sender();
    let course = discharged(&baton.partner(), "PD1||||1700123455^Family^Fran^^^^MD^^NPI");
    assert_eq!(member(&course, COORDINATOR), Some("Practitioner/grace"));
    assert_eq!(course.episode["careManager"]["reference"], "Practitioner/grace");
    assert_eq!(
        course.task("tcm-contact")["owner"]["reference"],
        "Practitioner/grace"
    );
    assert_eq!(
        course.task("follow-up-visit")["owner"]["reference"].as_str(),
        member(&course, PCP)
    );
}

fn the_worklist(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let course = discharged(&partner, "PD1||||1700123455^Family^Fran^^^^MD^^NPI");
    let owner = course.task("tcm-contact")["owner"]["reference"]
        .as_str()
        .expect("an owner");
    let list = format!(
        "Task?owner={owner}&status=requested&_sort=due&_include=Task:patient&_include=Task:encounter"
    );
    let page = partner.get(&list).ok();
    let entries = page["entry"].as_array().expect("entries");
    let of_mode = |mode: &str| -> Vec<&Value> {
        entries
            .iter()
            .filter(|it| it["search"]["mode"] == mode)
            .map(|it| &it["resource"])
            .collect()
    };
    let due: Vec<&str> = of_mode("match")
        .iter()
        .filter_map(|it| it["restriction"]["period"]["end"].as_str())
        .collect();
    assert!(due.len() == STEPS.len() && due.is_sorted(), "{due:?}");
    let mut included: Vec<&str> = of_mode("include")
        .iter()
        .filter_map(|it| it["resourceType"].as_str())
        .collect();
    included.sort_unstable();
    assert_eq!(included, ["Encounter", "Patient"]);
    let before = |due: &str| {
        partner
            .find(&format!("{list}&due=lt{due}").replace('+', "%2B"))
            .len()
    };
    assert_eq!(before(due[0]), 0, "nothing is due before the first deadline");
    assert!(
        (1..STEPS.len()).contains(&before(due[STEPS.len() - 1])),
        "some are due before the last"
    );
    assert_eq!(before("2100-01-01"), STEPS.len());
}
