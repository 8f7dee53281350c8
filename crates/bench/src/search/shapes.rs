//! The shapes: what clients and published benchmarks ask.
use super::sample::Draw;

const LOINC: &str = "http://loinc.org|";

/// What a shape promises at a million resources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// 3 ms at the median, 15 ms at worst, and no more than half as much again for a hundred
    /// times the data.
    Selective,
    /// Reads as much as there is: an exact total, or that nobody lacks something.
    Whole,
}
use Promise::{Selective, Whole};

pub struct Shape {
    pub name: &'static str,
    pub promise: Promise,
    /// The request for one draw.
    pub ask: fn(&mut Draw) -> String,
}

const fn shape(name: &'static str, promise: Promise, ask: fn(&mut Draw) -> String) -> Shape {
    Shape { name, promise, ask }
}

fn code(draw: &mut Draw) -> String {
    format!("{LOINC}{}", draw.value("Observation", "/code/coding/0/code"))
}

fn snomed(draw: &mut Draw, resource_type: &str) -> String {
    format!(
        "http://snomed.info/sct|{}",
        draw.value(resource_type, "/code/coding/0/code")
    )
}

fn letters(draw: &mut Draw, count: usize) -> String {
    draw.value("Patient", "/name/0/family")
        .chars()
        .take(count)
        .collect()
}

pub const SHAPES: &[Shape] = &[
    shape("type alone", Selective, |_| "Observation?_count=10".into()),
    shape("id", Selective, |d| format!("Patient?_id={}", d.patient())),
    // Tokens.
    shape("token code", Selective, |d| {
        format!("Observation?code={}&_count=20", code(d))
    }),
    shape("token three codes", Selective, |_| {
        format!("Observation?code={LOINC}8302-2,{LOINC}29463-7,{LOINC}72166-2&_count=20")
    }),
    shape("token code, absent", Selective, |d| {
        format!(
            "Observation?code={LOINC}{}-0&_count=20",
            d.random.between(90_000, 99_999)
        )
    }),
    shape("token category", Selective, |_| {
        "Observation?category=laboratory&_count=20".into()
    }),
    shape("token common status", Selective, |_| {
        "Encounter?status=finished&_count=20".into()
    }),
    shape("token class", Selective, |_| {
        "Encounter?class=IMP&_count=20".into()
    }),
    shape("token gender", Selective, |_| {
        "Patient?gender=male&_count=5".into()
    }),
    shape("token identifier", Selective, |d| {
        format!(
            "Patient?identifier=http://hl7.org/fhir/sid/us-ssn|{}",
            d.value("Patient", "/identifier/1/value")
        )
    }),
    shape("token condition code", Selective, |d| {
        format!("Condition?code={}&_count=20", snomed(d, "Condition"))
    }),
    shape("token procedure code", Selective, |d| {
        format!("Procedure?code={}&_count=20", snomed(d, "Procedure"))
    }),
    shape("token :not", Selective, |_| {
        "Task?status:not=completed&_count=20".into()
    }),
    shape("token :not of nearly all", Selective, |_| {
        "Observation?status:not=final&_count=20".into()
    }),
    shape("token list of 100", Selective, |d| {
        let codes: Vec<String> = (0..100)
            .map(|_| d.random.between(100_000_000, 999_999_999).to_string())
            .collect();
        format!("Condition?code={},59621000&_count=20", codes.join(","))
    }),
    shape("two common tokens", Selective, |_| {
        "Task?status=requested&priority=urgent&_count=20".into()
    }),
    shape("code and category that exclude each other", Selective, |_| {
        format!("Observation?code={LOINC}8302-2&category=laboratory&_count=20")
    }),
    // Dates.
    shape("date birthdate eq", Selective, |d| {
        format!("Patient?birthdate={}&_count=20", d.value("Patient", "/birthDate"))
    }),
    shape("date birthdate lt", Selective, |_| {
        "Patient?birthdate=lt1950-01-01&_count=20".into()
    }),
    shape("date Observation ge", Selective, |_| {
        "Observation?date=ge2020-01-01&_count=20".into()
    }),
    shape("date Observation le", Selective, |_| {
        "Observation?date=le2020-01-01&_count=20".into()
    }),
    shape("date Observation day", Selective, |d| {
        format!("Observation?date={}&_count=20", d.day())
    }),
    shape("date Encounter sa", Selective, |d| {
        format!("Encounter?date=sa{}&_count=20", d.day())
    }),
    shape("date Encounter eb", Selective, |d| {
        format!("Encounter?date=eb{}&_count=20", d.day())
    }),
    shape("date between", Selective, |_| {
        "Encounter?date=ge2020-01-01&date=lt2020-02-01&_count=20".into()
    }),
    shape("date code and day", Selective, |d| {
        format!("Observation?code={LOINC}85354-9&date={}&_count=20", d.day())
    }),
    shape("_lastUpdated gt", Selective, |_| {
        "Encounter?_lastUpdated=gt2020-01-01&_count=20".into()
    }),
    shape("_lastUpdated gt, none", Selective, |_| {
        "Encounter?_lastUpdated=gt2100-01-01&_count=20".into()
    }),
    // Strings.
    shape("string family", Selective, |d| {
        format!("Patient?family={}&_count=5", d.value("Patient", "/name/0/family"))
    }),
    shape("string one letter", Selective, |d| {
        format!("Patient?family={}&_count=5", letters(d, 1))
    }),
    shape("string given", Selective, |_| "Patient?given=A&_count=5".into()),
    shape("string gender and family", Selective, |_| {
        "Patient?gender=female&family=B&_count=5".into()
    }),
    shape("string name", Selective, |d| {
        format!("Patient?name={}&_count=20", letters(d, 3))
    }),
    shape("string name :contains", Selective, |_| {
        "Patient?name:contains=art&_count=20".into()
    }),
    shape("string name :contains, absent", Selective, |_| {
        "Patient?name:contains=xyzzy&_count=20".into()
    }),
    shape("string address", Selective, |d| {
        format!(
            "Patient?address={}&_count=20",
            d.value("Patient", "/address/0/city")
        )
    }),
    shape("string address :contains", Selective, |_| {
        "Patient?address:contains=ring&_count=20".into()
    }),
    shape("string Organization name", Selective, |d| {
        format!("Organization?name={}", d.name_of_a_place())
    }),
    shape("string Organization name :contains", Selective, |_| {
        "Organization?name:contains=cardio&_count=20".into()
    }),
    // Quantities and composites.
    shape("quantity value", Selective, |_| {
        "Observation?value-quantity=gt150|http://unitsofmeasure.org|mg/dL&_count=20".into()
    }),
    shape("quantity value, rare", Selective, |_| {
        "Observation?value-quantity=gt419.8|http://unitsofmeasure.org|mg/dL&_count=20".into()
    }),
    shape("quantity component", Selective, |_| {
        "Observation?component-value-quantity=gt160|http://unitsofmeasure.org|mm[Hg]&_count=20".into()
    }),
    shape("quantity combo", Selective, |_| {
        "Observation?combo-value-quantity=gt150|http://unitsofmeasure.org|mm[Hg]&_count=20".into()
    }),
    shape("composite code value", Selective, |_| {
        format!("Observation?code-value-quantity={LOINC}2339-0$gt200&_count=20")
    }),
    shape("composite code value, rare", Selective, |_| {
        format!("Observation?code-value-quantity={LOINC}2339-0$gt219.5&_count=20")
    }),
    shape("composite component", Selective, |_| {
        format!("Observation?component-code-value-quantity={LOINC}8480-6$gt150&_count=20")
    }),
    shape("composite combo", Selective, |_| {
        format!("Observation?combo-code-value-quantity={LOINC}8480-6$gt150&_count=20")
    }),
    // References.
    shape("reference subject", Selective, |d| {
        format!("Observation?subject=Patient/{}&_count=20", d.patient())
    }),
    shape("reference patient", Selective, |d| {
        format!("Condition?patient={}&_count=20", d.patient())
    }),
    shape("reference encounter", Selective, |d| {
        format!(
            "Observation?encounter=Encounter/{}&_count=20",
            d.target("Observation", "/encounter/reference")
        )
    }),
    shape("reference performer", Selective, |d| {
        format!(
            "Observation?performer=Practitioner/{}&_count=20",
            d.target("Observation", "/performer/0/reference")
        )
    }),
    shape("reference participant", Selective, |d| {
        let who = d.target("Encounter", "/participant/0/individual/reference");
        format!("Encounter?participant=Practitioner/{who}&_count=20")
    }),
    shape("reference location", Selective, |d| {
        format!(
            "Encounter?location={}&_count=20",
            d.target("Encounter", "/location/0/location/reference")
        )
    }),
    shape("patient and code", Selective, |d| {
        format!("Observation?patient={}&code={}&_count=20", d.patient(), code(d))
    }),
    shape("patient, category, newest first", Selective, |d| {
        format!(
            "Observation?patient={}&category=laboratory&_sort=-date&_count=20",
            d.patient()
        )
    }),
    shape("patient, code and date, newest first", Selective, |d| {
        format!(
            "Observation?patient={}&code={}&date=ge2018-01-01&_sort=-date&_count=20",
            d.patient(),
            code(d)
        )
    }),
    shape("patient and common status", Selective, |d| {
        format!("Task?patient={}&status=requested&_count=20", d.patient())
    }),
    // Chains and reverse chains.
    shape("chain to identifier", Selective, |d| {
        format!(
            "Observation?patient.identifier=http://hl7.org/fhir/sid/us-ssn|{}&_count=20",
            d.value("Patient", "/identifier/1/value")
        )
    }),
    shape("chain to family", Selective, |d| {
        format!(
            "Observation?subject:Patient.family={}&_count=20",
            d.value("Patient", "/name/0/family")
        )
    }),
    shape("chain to family, and code", Selective, |d| {
        format!(
            "Observation?code={}&subject:Patient.family={}&_count=20",
            code(d),
            letters(d, 4)
        )
    }),
    shape("chain to gender", Selective, |_| {
        "Condition?code=59621000&patient.gender=female&_count=20".into()
    }),
    shape("chain of two", Selective, |d| {
        format!(
            "Observation?encounter.service-provider.name={}&_count=20",
            d.name_of_a_place()
        )
    }),
    shape("chain to location", Selective, |d| {
        format!("Encounter?location.name={}&_count=20", d.name_of_a_place())
    }),
    shape("_has code", Selective, |d| {
        format!("Patient?_has:Observation:patient:code={}&_count=20", code(d))
    }),
    shape("_has rare", Selective, |d| {
        format!(
            "Patient?_has:Encounter:patient:identifier={}&_count=20",
            d.value("Encounter", "/identifier/0/value")
        )
    }),
    shape("_has absent", Selective, |_| {
        "Patient?_has:Condition:patient:code=0000&_count=20".into()
    }),
    shape("_has and gender", Selective, |d| {
        format!(
            "Patient?gender=male&_has:Condition:subject:code={}&_count=20",
            snomed(d, "Condition")
        )
    }),
    // Includes.
    shape("_include", Selective, |d| {
        format!(
            "MedicationRequest?patient={}&_include=MedicationRequest:requester&_include=MedicationRequest:encounter&_count=20",
            d.patient()
        )
    }),
    shape("_revinclude", Selective, |d| {
        format!(
            "Encounter?patient={}&_revinclude=Observation:encounter&_count=5",
            d.patient()
        )
    }),
    shape("_revinclude of a patient", Selective, |d| {
        format!(
            "Patient?_id={}&_revinclude=Condition:patient&_revinclude=Task:patient",
            d.patient()
        )
    }),
    shape("_include :iterate", Selective, |d| {
        format!(
            "DiagnosticReport?patient={}&_include=DiagnosticReport:result&_include:iterate=Observation:encounter&_count=5",
            d.patient()
        )
    }),
    // Orders.
    shape("sort by -date", Selective, |_| {
        "Observation?_sort=-date&_count=20".into()
    }),
    shape("sort by code, -date", Selective, |d| {
        format!("Observation?code={}&_sort=-date&_count=20", code(d))
    }),
    shape("sort patients by family", Selective, |_| {
        "Patient?_sort=family&_count=20".into()
    }),
    shape("sort patients by -birthdate", Selective, |_| {
        "Patient?_sort=-birthdate&_count=20".into()
    }),
    shape("sort by -_lastUpdated", Selective, |_| {
        "Observation?_sort=-_lastUpdated&_count=20".into()
    }),
    shape("sort filtered by -_lastUpdated", Selective, |d| {
        format!("Observation?code={}&_sort=-_lastUpdated&_count=20", code(d))
    }),
    shape("sort since a year by -date", Selective, |_| {
        "Observation?date=ge2020&_sort=-date&_count=20".into()
    }),
    shape("sort of one sex by -date", Selective, |_| {
        "Observation?patient.gender=female&_sort=-date&_count=20".into()
    }),
    shape("sort worklist by due", Selective, |_| {
        "Task?status=requested&_sort=due&_count=20".into()
    }),
    shape("sort worklist of one", Selective, |d| {
        let owner = d.target("Task", "/owner/reference");
        format!("Task?owner=Practitioner/{owner}&status=requested&_sort=due&_count=20")
    }),
    // What is missing.
    shape("missing true, common", Selective, |_| {
        "Observation?component-code:missing=true&_count=20".into()
    }),
    shape("missing true, rare", Selective, |_| {
        "Patient?death-date:missing=false&_count=20".into()
    }),
    shape("missing, none", Whole, |_| {
        "Encounter?location:missing=true&_count=20".into()
    }),
    // Texts.
    shape("text Patient _content", Selective, |_| {
        "Patient?_content=Smith&_count=20".into()
    }),
    shape("text Observation _content", Selective, |_| {
        "Observation?_content=blood&_count=20".into()
    }),
    shape("text Condition _content", Selective, |_| {
        "Condition?_content=hypertension&_count=20".into()
    }),
    shape("text _content, absent", Selective, |_| {
        "Observation?_content=xylophone&_count=20".into()
    }),
    shape("text Patient _text", Selective, |_| {
        "Patient?_text=Smith&_count=20".into()
    }),
    shape("text CarePlan _text", Selective, |_| {
        "CarePlan?_text=diabetes&_count=20".into()
    }),
    shape("text code:text", Selective, |_| {
        "Condition?code:text=hypertensive&_count=20".into()
    }),
    shape("text code:text, absent", Selective, |_| {
        "Condition?code:text=xylophone&_count=20".into()
    }),
    // Totals.
    shape("total estimate of a code", Selective, |d| {
        format!("Observation?code={}&_count=1&_total=estimate", code(d))
    }),
    shape("total accurate of a patient", Selective, |d| {
        format!("Observation?patient={}&_count=1&_total=accurate", d.patient())
    }),
    shape("total accurate of a type", Whole, |_| {
        "Observation?_count=1&_total=accurate".into()
    }),
    shape("total accurate of a common code", Whole, |_| {
        format!("Observation?code={LOINC}85354-9&_count=1&_total=accurate")
    }),
    shape("total accurate of combo-code", Whole, |_| {
        format!("Observation?combo-code={LOINC}8480-6&_count=1&_total=accurate")
    }),
    shape("total accurate of gender", Whole, |_| {
        "Patient?gender=male&_count=5&_total=accurate".into()
    }),
];
