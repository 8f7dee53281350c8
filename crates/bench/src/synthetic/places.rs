//! Organizations, locations and the people who work there.
use super::random::Random;
use super::vocabulary::{FAMILIES, GIVEN, ORGANIZATIONS, STREETS, TOWNS};
use super::{Item, Place, Population, item, profile, term};
use serde_json::{Value, json};

/// Practitioners of one place.
const STAFF: usize = 3;

/// Place `n`: its Organization, Location, Practitioners and their roles.
pub fn place(population: &Population, n: usize) -> Vec<Item> {
    let mut random = Random::of(population.seed, "place", n);
    let (name, address) = (name(population, n), address(&mut random));
    let id = |resource_type| population.place_id(resource_type, n);
    let organization = json!({"reference": format!("Organization/{}", id("Organization")), "display": name});
    let mut items = vec![
        item(
            "Organization",
            id("Organization"),
            self::organization(&name, &address, n),
        ),
        item(
            "Location",
            id("Location"),
            location(&name, &address, &organization, &mut random),
        ),
    ];
    for at in 0..STAFF {
        let number = n * STAFF + at;
        let who = population.place_id("Practitioner", number);
        let role = json!({
            "meta": profile("practitionerrole"),
            "active": true,
            "practitioner": {"reference": format!("Practitioner/{who}"), "display": staff_name(population, number)},
            "organization": organization,
            "code": [{"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "208D00000X", "display": "General Practice"}]}],
            "location": [{"reference": format!("Location/{}", id("Location"))}],
        });
        items.push(item(
            "Practitioner",
            who,
            practitioner(population, number, &address),
        ));
        items.push(item(
            "PractitionerRole",
            population.place_id("PractitionerRole", number),
            role,
        ));
    }
    items
}

/// How a resource names place `n` and one who works there.
pub fn references(population: &Population, n: usize, random: &mut Random) -> Place {
    let reference = |resource_type: &str, id: String, display: String| json!({"reference": format!("{resource_type}/{id}"), "display": display});
    let (name, number) = (name(population, n), n * STAFF + random.below(STAFF));
    Place {
        organization: reference(
            "Organization",
            population.place_id("Organization", n),
            name.clone(),
        ),
        location: reference("Location", population.place_id("Location", n), name),
        practitioner: reference(
            "Practitioner",
            population.place_id("Practitioner", number),
            format!("Dr. {}", staff_name(population, number)),
        ),
    }
}

fn name(population: &Population, n: usize) -> String {
    let mut random = Random::of(population.seed, "name of a place", n);
    format!(
        "{} {} {}",
        random.pick(&TOWNS).0,
        random.pick(&ORGANIZATIONS),
        n + 1
    )
}

fn staff(population: &Population, number: usize) -> (&'static str, &'static str) {
    let mut random = Random::of(population.seed, "staff", number);
    (*random.pick(&GIVEN), *random.pick(&FAMILIES))
}

fn staff_name(population: &Population, number: usize) -> String {
    let (given, family) = staff(population, number);
    format!("{given} {family}")
}

pub fn address(random: &mut Random) -> Value {
    let (city, code) = random.common(&TOWNS);
    json!({
        "line": [format!("{} {}", random.between(1, 999), random.pick(&STREETS))],
        "city": city, "state": "MA", "postalCode": code, "country": "US",
    })
}

fn organization(name: &str, address: &Value, n: usize) -> Value {
    json!({
        "meta": profile("organization"),
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": format!("{}", 1_000_000_000 + n)}],
        "active": true,
        "type": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/organization-type",
            "code": "prov", "display": "Healthcare Provider"
        }], "text": "Healthcare Provider"}],
        "name": name,
        "telecom": [{"system": "phone", "value": format!("555-{:07}", n)}],
        "address": [address],
    })
}

fn location(name: &str, address: &Value, organization: &Value, random: &mut Random) -> Value {
    let place = |around: f64, random: &mut Random| ((around + random.share()) * 1e6).round() / 1e6;
    json!({
        "meta": profile("location"),
        "status": "active",
        "name": name,
        "physicalType": term("location-physical-type", "bu"),
        "address": address,
        "position": {"longitude": place(-72.0, random), "latitude": place(42.0, random)},
        "managingOrganization": organization,
    })
}

fn practitioner(population: &Population, number: usize, address: &Value) -> Value {
    let (given, family) = staff(population, number);
    json!({
        "meta": profile("practitioner"),
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": format!("{}", 9_000_000_000_u64 + number as u64)}],
        "active": true,
        "name": [{"family": family, "given": [given], "prefix": ["Dr."]}],
        "telecom": [{"system": "email", "value": format!("staff{number}@example.com"), "use": "work"}],
        "address": [address],
        "gender": if number.is_multiple_of(2) { "female" } else { "male" },
    })
}
