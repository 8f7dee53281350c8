//! What cannot be answered is refused with what would be valid. <https://hl7.org/fhir/R4/search.html#errors>
use crate::on_both;
use crate::support::Baton;

on_both!(refusals_name_what_is_valid);

fn refusals_name_what_is_valid(baton: &Baton) {
    let partner = baton.partner();
    let table = [
        ("Patient?nonsense=Secretvalue", ["nonsense", "birthdate"]),
        ("Patient?birthdate=Secretvalue", ["birthdate", "2026-11-22"]),
        ("Patient?birthdate=xx2020", ["birthdate", "prefix"]),
        ("Patient?gender:exact=male", ["exact", ":missing"]),
        ("Patient?family:above=x", ["family", ":contains"]),
        ("Patient?birthdate:missing=maybe", ["birthdate", "true or false"]),
        ("Patient?family=", ["family", "no value"]),
        ("Patient?gender=male,,female", ["gender", "empty alternative"]),
        ("Patient?_count=-1", ["_count", "whole number"]),
        ("Patient?_sort=nonsense", ["nonsense", "birthdate"]),
        ("Patient?_include=Patient:nonsense", ["nonsense", "organization"]),
        ("Patient?_include=Patient:family", ["family", "not a reference"]),
        (
            "Patient?_include=Patientt:x",
            ["_include", "unknown resource type"],
        ),
        ("Patient?_total=all", ["_total", "accurate"]),
        ("Patient?_summary=all", ["_summary", "count"]),
        ("Patient?organization.nonsense=x", ["nonsense", "address"]),
        (
            "Patient?_has:Observation:nonsense:code=x",
            ["nonsense", "subject"],
        ),
        (
            "Patient?_has:Observation=x",
            ["_has", "_has:Observation:patient:code"],
        ),
        (
            "Patient?organization:Nonsense=x",
            ["organization", "resource type"],
        ),
        ("Patient?_id=a_b", ["_id", "64"]),
        ("Patient?_cursor=nonsense", ["_cursor", "paging link"]),
        ("RiskAssessment?probability=much", ["probability", "decimal"]),
        (
            "Observation?value-quantity=5|x",
            ["value-quantity", "number|system|code"],
        ),
        ("Observation?subject=Patient/p/_history/1", ["subject", "version"]),
        ("Patient?family=a%00b", ["family", "NUL"]),
        ("Patient?family=%ff", ["UTF-8", "percent"]),
    ];
    for (path, words) in table {
        let reply = partner.get(path);
        reply.refused(400, words[0]);
        reply.refused(400, words[1]);
        assert!(!reply.text.contains("Secretvalue"), "{}", reply.text);
    }
    let several = partner
        .get("Patient?nonsense=1&birthdate=x&gender:exact=1")
        .refused(400, "nonsense");
    assert_eq!(several["issue"].as_array().map(Vec::len), Some(3), "all at once");
}
