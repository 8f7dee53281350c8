//! Parameters, modifiers and chains that are not, or go too deep.
use super::{Query, times};

pub fn names() -> Vec<Query> {
    let mut all: Vec<_> = [
        "=x",
        "x",
        "name",
        "name=",
        ":exact=x",
        "name:=x",
        "name::exact=x",
        "name:exact:exact=x",
        "name.=x",
        ".name=x",
        "..=x",
        "name.given=x",
        "identifier.value=x",
        "general-practitioner.=x",
        "general-practitioner:=x",
        "general-practitioner:Patient.name=x",
        "general-practitioner:Nothing.name=x",
        "_has=x",
        "_has:=x",
        "_has:::=x",
        "_has::::=x",
        "_has:Observation=x",
        "_has:Observation:patient=x",
        "_has:Observation:patient:=x",
        "_has:Observation:patient:_has=x",
        "_has:Patient:link:_id=ann",
        "_id:missing=true",
        "_lastUpdated:missing=true",
        "_sort:missing=x",
        "_count:exact=1",
        "_query=x",
        "_contained=true",
        "_containedType=container",
        "_type=Patient",
        "_score=1",
        "_since=2024",
        "%00=x",
        "%ff=x",
        "na%20me=x",
        "name[]=x",
        "name[0]=x",
        "name%3Dx",
        "__proto__=x",
        "NAME=x",
        "Name=x",
        "nàme=x",
    ]
    .iter()
    .map(|query| Query::get(format!("Patient?{query}")))
    .collect();
    for deep in [9, 60, 2_000] {
        all.push(Query::post(
            "Organization",
            format!("{}name=x", times("partof.", deep)),
        ));
        all.push(Query::post(
            "Patient",
            format!("{}_id=x", times("_has:Patient:link:", deep)),
        ));
        all.push(Query::post("Task", format!("{}_id=x", times("focus.", deep))));
        all.push(Query::post(
            "Task",
            format!("{}status=x", times("_has:Task:focus:", deep)),
        ));
    }
    all.push(Query::get("Task?focus.subject.subject.subject=x"));
    all.push(Query::get(
        "Provenance?target.patient.general-practitioner.name=x",
    ));
    all.push(Query::get("AuditEvent?entity.subject.performer.partof.partof=x"));
    all
}
