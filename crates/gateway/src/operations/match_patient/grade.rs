//! How much two descriptions of a person have in common.
//! <https://hl7.org/fhir/R4/valueset-match-grade.html>
use fhir::search::index::normalise;
use serde_json::Value;
use store::Stored;

/// What a Patient says that tells people apart.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// System and value.
    pub identifiers: Vec<(String, String)>,
    families: Vec<String>,
    givens: Vec<String>,
    birth_date: Option<String>,
    gender: Option<String>,
    /// Phone numbers as their last digits, e-mail addresses as they are.
    telecoms: Vec<String>,
    postal_codes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    Certain,
    Probable,
    Possible,
}

impl Grade {
    pub fn code(self) -> &'static str {
        match self {
            Grade::Certain => "certain",
            Grade::Probable => "probable",
            Grade::Possible => "possible",
        }
    }
}

pub struct Graded {
    pub stored: Stored,
    pub grade: Grade,
    pub score: f64,
}

/// What each trait adds when both have it and agree; a name that differs, or a date, counts
/// against. Together less than one: only an identifier is certainty.
const FAMILY: f64 = 0.35;
const GIVEN: f64 = 0.20;
const BIRTH_DATE: f64 = 0.25;
const TELECOM: f64 = 0.09;
const GENDER: f64 = 0.05;
const POSTAL_CODE: f64 = 0.05;
const PROBABLE: f64 = 0.75;
const POSSIBLE: f64 = 0.45;

impl Person {
    pub fn of(patient: &Value) -> Person {
        let names = || each(patient, "name");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Person {
            identifiers: each(patient, "identifier")
                .filter_map(|one| Some((text(&one["system"])?, text(&one["value"])?)))
                .collect(),
            families: names()
                .filter_map(|name| name["family"].as_str())
                .map(normalise)
                .collect(),
            givens: names()
                .flat_map(|name| each(name, "given"))
                .filter_map(Value::as_str)
                .map(normalise)
                .collect(),
            birth_date: text(&patient["birthDate"]),
            gender: text(&patient["gender"]),
            telecoms: each(patient, "telecom")
                .filter_map(|one| one["value"].as_str())
                .filter_map(contact)
                .collect(),
            postal_codes: each(patient, "address")
                .filter_map(|one| text(&one["postalCode"]))
                .collect(),
        }
    }

    /// A name alone finds too many to look at.
    pub fn says_nothing(&self) -> bool {
        self.identifiers.is_empty() && self.traits().is_empty()
    }

    /// Searches that find who may be meant.
    pub fn traits(&self) -> Vec<Vec<(&'static str, String)>> {
        let Some(family) = self.families.first() else {
            return Vec::new();
        };
        let family = || ("family", super::escaped(family));
        let mut searches = Vec::new();
        searches.extend(
            self.birth_date
                .as_ref()
                .map(|date| vec![family(), ("birthdate", date.clone())]),
        );
        searches.extend(
            self.givens
                .first()
                .map(|given| vec![family(), ("given", super::escaped(given))]),
        );
        if let (Some(date), Some(given)) = (&self.birth_date, self.givens.first()) {
            searches.push(vec![
                ("birthdate", date.clone()),
                ("given", super::escaped(given)),
            ]);
        }
        searches
    }

    fn shares_identifier(&self, other: &Person) -> bool {
        self.identifiers.iter().any(|one| other.identifiers.contains(one))
    }

    fn likeness(&self, other: &Person) -> f64 {
        let optional = |a: &Option<String>, b: &Option<String>| {
            (a.iter().cloned().collect(), b.iter().cloned().collect())
        };
        let (dates, other_dates): (Vec<_>, Vec<_>) = optional(&self.birth_date, &other.birth_date);
        let (genders, other_genders): (Vec<_>, Vec<_>) = optional(&self.gender, &other.gender);
        let traits = [
            (FAMILY, &self.families, &other.families),
            (GIVEN, &self.givens, &other.givens),
            (BIRTH_DATE, &dates, &other_dates),
            (TELECOM, &self.telecoms, &other.telecoms),
            (GENDER, &genders, &other_genders),
            (POSTAL_CODE, &self.postal_codes, &other.postal_codes),
        ];
        traits
            .iter()
            .map(|(weight, mine, theirs)| weight * agreement(mine, theirs))
            .sum()
    }
}

/// 1 when one is in both, 0 when either says nothing, a bit against when they differ.
fn agreement(mine: &[String], theirs: &[String]) -> f64 {
    match (
        mine.is_empty() || theirs.is_empty(),
        mine.iter().any(|one| theirs.contains(one)),
    ) {
        (true, _) => 0.0,
        (_, true) => 1.0,
        _ => -0.5,
    }
}

fn each<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value[member].as_array().into_iter().flatten()
}

/// Numbers are written in many ways; their end is what they have in common.
fn contact(text: &str) -> Option<String> {
    if text.contains('@') {
        return Some(text.to_lowercase());
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits
        .len()
        .checked_sub(10)
        .or((digits.len() >= 7).then_some(0))
        .map(|from| digits[from..].to_owned())
}

/// Best first; who is hardly alike is left out.
pub fn grade(asked: &Person, candidates: Vec<(Stored, Person)>) -> Vec<Graded> {
    let holders = candidates
        .iter()
        .filter(|(_, person)| asked.shares_identifier(person))
        .count();
    let mut graded: Vec<Graded> = candidates
        .into_iter()
        .filter_map(|(stored, person)| {
            let likeness = asked.likeness(&person).max(0.0);
            let (grade, score) = match (asked.shares_identifier(&person), holders) {
                (true, 1) => (Grade::Certain, 1.0),
                // An identifier two people have is no certainty about either.
                (true, _) => (Grade::Probable, PROBABLE.max(likeness)),
                _ if likeness >= PROBABLE => (Grade::Probable, likeness),
                _ if likeness >= POSSIBLE => (Grade::Possible, likeness),
                _ => return None,
            };
            Some(Graded { stored, grade, score })
        })
        .collect();
    graded.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.stored.id.cmp(&b.stored.id))
    });
    graded
}
