//! Dates, numbers and quantities with their prefixes; uris and composites. <https://hl7.org/fhir/R4/search.html#prefix>
use super::{all_find, observation, stock};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(dates, numbers_and_quantities, uris_and_composites);

fn dates(baton: &Baton) {
    let partner = baton.partner();
    let at = |id: &str, when: &str| observation(id, json!({"effectiveDateTime": when}));
    stock(
        &partner,
        json!([
            at("year", "2024"),
            at("day", "2024-03-10"),
            at("noon", "2024-03-10T12:00:00Z"),
            at("zoned", "2024-03-10T23:30:00-05:00"),
            observation(
                "period",
                json!({"effectivePeriod": {"start": "2024-03-01", "end": "2024-03-20"}})
            ),
            observation("open", json!({"effectivePeriod": {"start": "2024-03-15"}})),
            observation("undated", json!({})),
        ]),
    );
    all_find(
        &partner,
        &[
            ("Observation?date=2024-03-10", &["day", "noon"]),
            ("Observation?date=2024-03-11", &["zoned"]),
            ("Observation?date=2024-03", &["day", "noon", "period", "zoned"]),
            (
                "Observation?date=2024",
                &["day", "noon", "period", "year", "zoned"],
            ),
            ("Observation?date=2024-03-10T12:00", &["noon"]),
            ("Observation?date=2024-03-10T12:00:01Z", &[]),
            ("Observation?date=gt2024-03-20", &["open", "year"]),
            (
                "Observation?date=ge2024-03-20&date=lt2024-04-01",
                &["open", "period", "year"],
            ),
            ("Observation?date=lt2024-03-01", &["year"]),
            ("Observation?date=sa2024-03-10", &["open", "zoned"]),
            ("Observation?date=eb2024-03-11", &["day", "noon"]),
            ("Observation?date=ne2024", &["open"]),
            ("Observation?date:missing=true", &["undated"]),
            ("Observation?date=2023,2024-03-11", &["zoned"]),
            ("Observation?_lastUpdated=lt2020", &[]),
            ("Observation?_lastUpdated=gt2020&_id=day", &["day"]),
        ],
    );
}

fn numbers_and_quantities(baton: &Baton) {
    let partner = baton.partner();
    let risk = |id: &str, probability: f64| json!({"resourceType": "RiskAssessment", "id": id, "status": "final", "subject": {"reference": "Patient/x"}, "prediction": [{"probabilityDecimal": probability}]});
    let value = |id: &str, value: f64, code: &str| {
        observation(
            id,
            json!({"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": code, "unit": code}}),
        )
    };
    stock(
        &partner,
        json!([
            risk("low", 0.1),
            risk("mid", 0.54),
            risk("high", 0.9),
            value("kg", 70.4, "kg"),
            value("kg71", 71.0, "kg"),
            value("lb", 70.4, "[lb_av]")
        ]),
    );
    all_find(
        &partner,
        &[
            ("RiskAssessment?probability=0.5", &["mid"]),
            ("RiskAssessment?probability=0.50", &[]),
            ("RiskAssessment?probability=gt0.54", &["high"]),
            ("RiskAssessment?probability=ge0.54", &["high", "mid"]),
            ("RiskAssessment?probability=lt0.54", &["low"]),
            ("RiskAssessment?probability=ne0.9", &["low", "mid"]),
            ("RiskAssessment?probability=ap0.5", &["mid"]),
            ("RiskAssessment?probability=1e-1", &["low"]),
            ("Observation?value-quantity=70", &["kg", "lb"]),
            (
                "Observation?value-quantity=70.4|http://unitsofmeasure.org|kg",
                &["kg"],
            ),
            ("Observation?value-quantity=70.4||kg", &["kg"]),
            (
                "Observation?value-quantity=gt70|http://unitsofmeasure.org|kg",
                &["kg", "kg71"],
            ),
            ("Observation?value-quantity=70.0", &[]),
            ("Observation?value-quantity=lt71", &["kg", "lb"]),
            ("Observation?value-quantity:missing=true", &[]),
        ],
    );
}

fn uris_and_composites(baton: &Baton) {
    let partner = baton.partner();
    let set =
        |id: &str, url: &str| json!({"resourceType": "ValueSet", "id": id, "status": "active", "url": url});
    let coded = |id: &str, code: &str, value: f64| {
        observation(
            id,
            json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": value}}),
        )
    };
    stock(
        &partner,
        json!([
            set("a", "http://x.example/a"),
            set("ab", "http://x.example/a/b"),
            set("abc", "http://x.example/abc"),
            coded("hit", "1-1", 5.0),
            coded("miss", "1-2", 5.0)
        ]),
    );
    all_find(
        &partner,
        &[
            ("ValueSet?url=http://x.example/a", &["a"]),
            ("ValueSet?url=http://x.example/A", &[]),
            ("ValueSet?url:below=http://x.example/a/", &["ab"]),
            ("ValueSet?url:below=http://x.example/a", &["a", "ab", "abc"]),
            ("ValueSet?url:above=http://x.example/a/b/c", &["a", "ab"]),
            (
                "Observation?code-value-quantity=http://loinc.org|1-1$gt4",
                &["hit"],
            ),
            ("Observation?code-value-quantity=1-1$gt6", &[]),
            ("Observation?code-value-quantity=1-1$gt6,1-2$5", &["miss"]),
        ],
    );
}
