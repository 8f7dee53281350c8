//! Lists, words and numbers that are far too long.
use super::{Query, list, times};

pub fn lists() -> Vec<Query> {
    let mut all = vec![
        Query::post("Patient", format!("identifier={}", list(10_000))),
        Query::post("Patient", format!("name={}", list(10_000))),
        Query::post("Patient", format!("_id={}", list(10_000))),
        Query::post("Patient", format!("general-practitioner={}", list(10_000))),
        Query::post("Patient", format!("birthdate={}", vec!["2024"; 10_000].join(","))),
        Query::post(
            "Observation",
            format!(
                "value-quantity={}",
                vec!["1|http://unitsofmeasure.org|kg"; 10_000].join(",")
            ),
        ),
        Query::post(
            "Observation",
            format!("code-value-quantity={}", vec!["a$1"; 10_000].join(",")),
        ),
        Query::post("Patient", format!("_content={}", list(10_000))),
        Query::post(
            "Patient",
            format!("_filter={}", vec!["active eq true"; 10_000].join(" or ")),
        ),
        Query::post(
            "Patient",
            format!(
                "_filter={}active eq true{}",
                times("(", 20_000),
                times(")", 20_000)
            ),
        ),
        Query::post("Patient", format!("_filter={}", times("not(", 50_000))),
        Query::post("Patient", times("identifier=a&", 10_000)),
        Query::post("Patient", times("name=a&", 3_000)),
        Query::post("Patient", times("general-practitioner.name=a&", 1_000)),
        Query::post(
            "Patient",
            (0..5_000).map(|n| format!("x{n}={n}&")).collect::<String>(),
        ),
        Query::post("Patient", times("&", 100_000)),
        Query::post("Patient", times("=", 100_000)),
        Query::post("Patient", times("_sort=name&", 2_000)),
        Query::post("Patient", format!("_sort={}", vec!["name"; 5_000].join(","))),
        Query::post("Patient", times("_include=*&", 1_000)),
        Query::post("Patient", times("_revinclude=*&", 1_000)),
        Query::post("Patient", format!("_elements={}", list(20_000))),
    ];
    for length in [1_000, 3_000, 100_000] {
        let long = times("a", length);
        for name in [
            "name",
            "name:exact",
            "name:contains",
            "identifier",
            "_id",
            "_profile",
            "_profile:above",
            "general-practitioner",
            "_text",
            "_content",
            "_filter",
            "_cursor",
            "_sort",
        ] {
            all.push(Query::post("Patient", format!("{name}={long}")));
        }
        all.push(Query::post("Patient", format!("{long}=x")));
        all.push(Query::post("Patient", format!("name:{long}=x")));
        all.push(Query::post(
            "Patient",
            format!("_profile:above={}", times("a/", length)),
        ));
        all.push(Query::post(
            "RiskAssessment",
            format!("probability=0.{}", times("1", length)),
        ));
        all.push(Query::post(
            "RiskAssessment",
            format!("probability={}", times("1", length)),
        ));
        all.push(Query::post(
            "Patient",
            format!("birthdate=2024-01-01T00:00:00.{}Z", times("1", length)),
        ));
        all.push(Query::post(
            "Patient",
            format!("identifier={}", times("\\", length)),
        ));
    }
    all
}
