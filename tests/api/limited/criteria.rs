//! Conditional interactions find what is open and nothing else.
//! <https://hl7.org/fhir/R4/http.html#ccreate>
use super::*;
use crate::on_both;

on_both!(
    criteria_find_what_is_open,
    criteria_need_the_right_to_search,
    several_are_counted_among_what_is_open,
);

fn criteria_find_what_is_open(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    let unless = |who: &str| {
        let request = app
            .request("POST", "Task")
            .header("if-none-exist", format!("identifier=urn:task|{who}"));
        let request = request.header("content-type", "application/fhir+json");
        Reply::of(request.body(without_id(task("x", "ann")).to_string()))
    };
    let known = unless("ann");
    assert_eq!(
        (known.status, known.ok()["id"].as_str().map(str::to_owned)),
        (200, Some("ann".into()))
    );
    // A hidden match is none: what is created stands beside it.
    let new = unless("ben").ok();
    assert_ne!(new["id"], "ben");
    let none = "Task?identifier=urn:task|nix";
    let bens = "Task?identifier=urn:task|ben";
    complete(&app, none).refused(404, "match no Task");
    alike((&complete(&app, bens), "ben"), (&complete(&app, none), "nix"));
    alike((&app.delete(bens), "ben"), (&app.delete(none), "nix"));
    assert_eq!(complete(&app, "Task?identifier=urn:task|ann&_id=ann").status, 200);

    let put = |criteria: &str, body: Value| app.put(&format!("Task?{criteria}"), &body);
    let mine = with(without_id(task("x", "ann")), "priority", json!("urgent"));
    let created = put("identifier=urn:task|ben", mine.clone());
    assert_eq!(created.status, 201, "{}", created.text);
    assert_ne!(created.json()["id"], "ben");
    assert_eq!(put("_id=ann", mine.clone()).status, 200);
    put("_id=ben", task("ben", "ann")).refused(404, "cannot choose the id");
    alike(
        (&put("_id=ben", task("ben", "ann")), "ben"),
        (&put("_id=nix", task("nix", "ann")), "nix"),
    );
    put("_id=nix", without_id(task("x", "ben"))).refused(403, "`c`");
    put("_id=ann", without_id(task("x", "ben"))).refused(403, "`u`");
    assert_eq!(app.delete("Task?_id=ann").status, 204);
    let ben = partner.get("Task/ben").ok();
    assert_eq!(
        (&ben["meta"]["versionId"], &ben["status"]),
        (&json!("1"), &json!("requested"))
    );
    // Who sees all finds what there is.
    complete(&partner, "Task?identifier:missing=false").refused(412, "match");
}

fn criteria_need_the_right_to_search(baton: &Baton) {
    world(baton);
    let app = app(baton, "patient/Task.crud");
    let request = app
        .request("POST", "Task")
        .header("if-none-exist", "identifier=urn:task|ann");
    let request = request.header("content-type", "application/fhir+json");
    Reply::of(request.body(task("x", "ann").to_string())).refused(403, "system/Task.s");
    app.put("Task?_id=ann", &task("ann", "ann"))
        .refused(403, "system/Task.s");
    complete(&app, "Task?_id=ann").refused(403, "system/Task.s");
    app.delete("Task?_id=ann").refused(403, "system/Task.s");
    assert_eq!(complete(&app, "Task/ann").status, 200);
}

fn several_are_counted_among_what_is_open(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    // Two there are, of which one is open.
    assert_eq!(complete(&app, "Task?intent=order").status, 200);
    assert_eq!(partner.get("Task/ben").ok()["status"], "requested");
    partner.put("Task/more", &task("more", "ann")).ok();
    complete(&app, "Task?intent=order").refused(412, "match 2 resources");
    assert_eq!(app.delete("Task?intent=order&_id=more").status, 204);
    assert_eq!(app.delete("Task?intent=order").status, 204);
    assert_eq!(partner.find("Task").len(), 1);
}
