//! Scopes of every shape, each with what it opens by the rule.
use super::rule::{Whose, of, sees};
use crate::oracle::ask::values;
use crate::oracle::world::{Held, World};
use crate::support::launch::{of_patient, of_person};
use fhir::registry::registry;
use fhir::search::index::EntryValue;
use gateway::auth::holder::Holder;

pub struct Shape {
    pub name: String,
    pub scopes: String,
    pub holder: Holder,
    parts: Vec<Part>,
    /// Of what its scopes open, what is withheld from them.
    withheld: fn(&Held, &World) -> bool,
}

/// What one scope opens.
struct Part {
    whose: Whose,
    /// None is every type.
    on: Option<&'static str>,
    /// A token parameter and its code.
    narrowed: Option<(&'static str, String)>,
}

impl Shape {
    pub fn shows(&self, one: &Held, world: &World) -> bool {
        self.parts.iter().any(|part| part.shows(one, world)) && !(self.withheld)(one, world)
    }

    /// Whether it can write anything at all.
    pub fn writes(&self) -> bool {
        self.scopes.contains(".cruds") && !self.parts.is_empty()
    }

    fn new(scopes: &str, holder: Holder, parts: Vec<Part>) -> Shape {
        let who = [&holder.patient, &holder.fhir_user];
        let who: Vec<&str> = who.into_iter().flatten().map(String::as_str).collect();
        Shape {
            name: format!("{scopes} for {}", who.join(" and ")),
            scopes: scopes.to_string(),
            holder,
            parts,
            withheld: |_, _| false,
        }
    }
}

/// Somebody of no organisation of the server, for the whole system and with one patient.
pub fn of_another(world: &World, withheld: fn(&Held, &World) -> bool) -> Vec<Shape> {
    let ann = world.of(of("Patient")).next().expect("a patient").id.clone();
    let outsider = Some("Practitioner/outsider".to_string());
    let with_patient = Holder {
        fhir_user: outsider.clone(),
        ..of_patient(&ann)
    };
    let alone = Holder {
        fhir_user: outsider,
        ..Holder::default()
    };
    let shapes = [
        Shape::new("system/*.rs", alone, vec![part(Whose::Everybody, None)]),
        Shape::new(
            "patient/*.rs",
            with_patient,
            vec![part(Whose::Patient(ann), None)],
        ),
    ];
    shapes.map(|shape| Shape { withheld, ..shape }).into()
}

impl Part {
    fn shows(&self, one: &Held, world: &World) -> bool {
        if self.on.is_some_and(|on| on != one.on.name()) {
            return false;
        }
        let narrowed = self.narrowed.as_ref().is_none_or(|(code, wanted)| {
            let param = registry().param(one.on, code).expect("a parameter");
            let mut found = values(one, param);
            found.any(|value| matches!(value, EntryValue::Token { code, .. } if code == wanted))
        });
        narrowed && sees(&self.whose, one, world)
    }
}

fn part(whose: Whose, on: Option<&'static str>) -> Part {
    Part {
        whose,
        on,
        narrowed: None,
    }
}

pub fn all(world: &World) -> Vec<Shape> {
    let id = |on: &str, at: usize| {
        let mut all = world.of(of(on));
        all.nth(at).unwrap_or_else(|| panic!("{on} {at}")).id.clone()
    };
    let (ann, ben) = (id("Patient", 0), id("Patient", 4));
    let (doctor, other) = (id("Practitioner", 0), id("Practitioner", 2));
    let relative = id("RelatedPerson", 0);
    let patient = |id: &str| Whose::Patient(id.to_string());
    let category = most_frequent(world);
    let narrowed = |whose, scope: &str, holder| {
        let scopes = format!("{scope}?category={category}");
        let part = Part {
            narrowed: Some(("category", category.clone())),
            ..part(whose, Some("Observation"))
        };
        (scopes, holder, part)
    };
    let mut shapes = vec![
        Shape::new(
            "patient/*.cruds",
            of_patient(&ann),
            vec![part(patient(&ann), None)],
        ),
        Shape::new(
            "patient/Patient.rs patient/Observation.cruds patient/Practitioner.read",
            of_patient(&ben),
            ["Patient", "Observation", "Practitioner"]
                .map(|on| part(patient(&ben), Some(on)))
                .into(),
        ),
        Shape::new(
            "user/*.rs",
            of_person(&format!("Patient/{ben}")),
            vec![part(patient(&ben), None)],
        ),
        Shape::new(
            "user/*.cruds",
            of_person(&format!("Practitioner/{doctor}")),
            vec![part(Whose::Practitioner(doctor.clone()), None)],
        ),
        Shape::new(
            "user/*.rs",
            of_person(&format!("RelatedPerson/{relative}")),
            vec![part(Whose::RelatedPerson(relative.clone()), None)],
        ),
        Shape::new("user/*.rs", of_person(&format!("Person/{ben}")), Vec::new()),
        Shape::new("patient/*.rs", Holder::default(), Vec::new()),
        Shape::new(
            "user/*.cruds patient/*.cruds",
            Holder {
                fhir_user: Some(format!("Practitioner/{other}")),
                ..of_patient(&ann)
            },
            vec![part(Whose::Practitioner(other), None), part(patient(&ann), None)],
        ),
    ];
    let (scopes, holder, lab) = narrowed(Whose::Everybody, "system/Observation.cruds", Holder::default());
    let also = part(Whose::Everybody, Some("Patient"));
    shapes.push(Shape::new(
        &format!("{scopes} system/Patient.rs"),
        holder,
        vec![lab, also],
    ));
    let (scopes, holder, lab) = narrowed(patient(&ann), "patient/Observation.cruds", of_patient(&ann));
    let also = part(patient(&ann), Some("Condition"));
    shapes.push(Shape::new(
        &format!("{scopes} patient/Condition.rs"),
        holder,
        vec![lab, also],
    ));
    shapes
}

/// A category of observations that some have and some have not.
fn most_frequent(world: &World) -> String {
    let on = of("Observation");
    let param = registry().param(on, "category").expect("a parameter");
    let code = |value: &EntryValue| match value {
        EntryValue::Token { code, .. } => Some(code.clone()),
        _ => None,
    };
    let found = world.of(on).find_map(|one| values(one, param).find_map(code));
    found.expect("an observation has a category")
}
