//! Whose records a person may use, as data: for each kind of person, searches that find the
//! patients (`data/access.tsv`). <https://hl7.org/fhir/R4/security.html#binding>
//!
//! The searches see everything, as they are the operator's and not the person's.
use fhir::TypeId;
use fhir::search::Filter;
use fhir::search::parse::parse_filter;
use fhir::search::reach::{Panel, Whose, any, patient_type};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// In the place of the person's id.
const ID: &str = "{id}";

#[derive(Clone, Debug)]
pub struct Policy {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    person: TypeId,
    name: String,
    value: String,
}

static BUILT_IN: LazyLock<Policy> = LazyLock::new(|| {
    Policy::parse(include_str!("../../data/access.tsv")).unwrap_or(Policy { rows: Vec::new() })
});

impl Policy {
    /// What holds unless the operator says otherwise.
    pub fn built_in() -> &'static Policy {
        &BUILT_IN
    }

    /// The error names the line.
    pub fn parse(text: &str) -> Result<Policy, String> {
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let row =
            |(at, line): (usize, &str)| Row::parse(line).map_err(|why| format!("line {}: {why}", at + 1));
        let rows = lines.map(row).collect::<Result<_, _>>()?;
        Ok(Policy { rows })
    }

    /// The same with other searches for these persons; none for a type is that such persons see nobody.
    /// The error names the search.
    pub fn with(mut self, searches: &BTreeMap<String, Vec<String>>) -> Result<Policy, String> {
        for (person, searches) in searches {
            let row = |(at, search): (usize, &String)| {
                Row::of(person, search).map_err(|why| format!("access.{person}[{at}] {why}"))
            };
            let rows: Vec<Row> = searches.iter().enumerate().map(row).collect::<Result<_, _>>()?;
            let on = TypeId::of(person).ok_or_else(|| format!("access.{person} names no resource type"))?;
            self.rows.retain(|row| row.person != on);
            self.rows.extend(rows);
        }
        Ok(self)
    }

    /// None where the policy knows nothing of such persons: they see nobody.
    pub fn whose(&self, person: TypeId, id: &str) -> Option<Whose> {
        let rows = self.rows.iter().filter(|row| row.person == person);
        let mut filters: Vec<Filter> = rows.filter_map(|row| row.filter(id).ok()).collect();
        Some(match (filters.pop()?, filters.is_empty()) {
            (Filter::Id(mut ids), true) if ids.len() == 1 => Whose::Patient(ids.remove(0)),
            (last, _) => {
                filters.push(last);
                Whose::Patients(Panel::new(any(filters)))
            }
        })
    }
}

impl Row {
    fn parse(line: &str) -> Result<Row, String> {
        let (person, search) = line
            .split_once('\t')
            .ok_or("is not a type, a tab and a search such as general-practitioner=Practitioner/{id}")?;
        Row::of(person, search)
    }

    fn of(person: &str, search: &str) -> Result<Row, String> {
        let person = TypeId::of(person).ok_or("begins with no resource type")?;
        let (name, value) = search.split_once('=').ok_or("has a search without a value")?;
        if !value.contains(ID) {
            return Err("has a search that does not depend on the person: it needs {id}".into());
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        let row = Row { person, name, value };
        row.filter("x").map(|_| row)
    }

    fn filter(&self, id: &str) -> Result<Filter, String> {
        let focus = patient_type().ok_or("finds no patients")?;
        let value = self.value.replace(ID, id);
        parse_filter(focus, &self.name, &value, "").map_err(|issue| issue.diagnostics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> TypeId {
        TypeId::of(name).unwrap()
    }

    #[test]
    fn the_built_in_policy_is_understood() {
        let rows = Policy::parse(include_str!("../../data/access.tsv"))
            .unwrap()
            .rows
            .len();
        assert_eq!(Policy::built_in().rows.len(), rows);
        let whose = |person: &str| Policy::built_in().whose(of(person), "p");
        assert!(matches!(whose("Patient"), Some(Whose::Patient(id)) if id == "p"));
        for person in ["RelatedPerson", "Practitioner", "PractitionerRole"] {
            assert!(matches!(whose(person), Some(Whose::Patients(_))), "{person}");
        }
        assert!(whose("Person").is_none() && whose("Device").is_none());
    }

    #[test]
    fn the_settings_take_the_place_of_a_persons_searches() {
        let table = |person: &str, searches: &[&str]| {
            let searches = searches.iter().map(|search| (*search).to_owned()).collect();
            BTreeMap::from([(person.to_owned(), searches)])
        };
        let built_in = || Policy::built_in().clone();
        let few = built_in()
            .with(&table(
                "Practitioner",
                &["general-practitioner=Practitioner/{id}"],
            ))
            .unwrap();
        let count =
            |policy: &Policy, person: &str| policy.rows.iter().filter(|row| row.person == of(person)).count();
        assert_eq!(
            (count(&few, "Practitioner"), count(&few, "RelatedPerson")),
            (1, 1)
        );
        let nobody = built_in().with(&table("RelatedPerson", &[])).unwrap();
        assert!(nobody.whose(TypeId::of("RelatedPerson").unwrap(), "x").is_none());
        for (person, search, why) in [
            (
                "Doctor",
                "general-practitioner={id}",
                "access.Doctor[0] begins with no resource type",
            ),
            (
                "Practitioner",
                "active=true",
                "access.Practitioner[0] has a search that does not depend",
            ),
            ("Practitioner", "doctor={id}", "access.Practitioner[0]"),
        ] {
            let refused = built_in().with(&table(person, &[search])).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert!(built_in().with(&table("Doctor", &[])).is_err());
    }

    #[test]
    fn a_policy_that_is_not_understood_is_refused_by_line() {
        for (text, why) in [
            ("# fine\nPractitioner general-practitioner={id}", "line 2: is not"),
            ("Doctor\tgeneral-practitioner={id}", "line 1: begins"),
            ("Practitioner\tgeneral-practitioner", "line 1: has a search"),
            (
                "Practitioner\tactive=true",
                "line 1: has a search that does not depend",
            ),
            ("Practitioner\tdoctor={id}", "doctor"),
        ] {
            let refused = Policy::parse(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
