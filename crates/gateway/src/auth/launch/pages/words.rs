//! Scopes as people would say them.
use crate::auth::Access;
use crate::auth::scope::{Context, DataScope, Letters, Scope, Session};
use fhir::TypeId;

/// Resource types whose names do not speak for themselves.
const TYPES: [(&str, &str); 22] = [
    ("AllergyIntolerance", "allergies"),
    ("CarePlan", "care plans"),
    ("CareTeam", "care teams"),
    ("Condition", "health problems and diagnoses"),
    ("Consent", "consents"),
    ("Coverage", "insurance"),
    ("Device", "devices and implants"),
    ("DiagnosticReport", "laboratory and imaging reports"),
    ("DocumentReference", "documents and notes"),
    ("Encounter", "visits and hospital stays"),
    ("EpisodeOfCare", "episodes of care"),
    ("Goal", "health goals"),
    ("Immunization", "vaccinations"),
    ("MedicationRequest", "prescriptions"),
    ("MedicationStatement", "medicines taken"),
    ("Observation", "test results, vital signs and other observations"),
    ("Patient", "name, address and other personal details"),
    ("Practitioner", "doctors, nurses and other professionals"),
    ("Procedure", "procedures and operations"),
    ("QuestionnaireResponse", "answers to questionnaires"),
    ("ServiceRequest", "orders and referrals"),
    ("Task", "tasks"),
];

pub fn of(scope: &Scope) -> String {
    match scope {
        Scope::Data(scope) => of_data(scope),
        Scope::Session(session) => of_session(*session).to_owned(),
        Scope::Admin(office, letters) => {
            format!(
                "{} {}s of this server",
                verbs(*letters),
                office.name().to_lowercase()
            )
        }
    }
}

fn of_session(session: Session) -> &'static str {
    match session {
        Session::OpenId => "know that it is you who signed in",
        Session::FhirUser => "read who you are in the records",
        Session::Launch | Session::LaunchPatient => "know which patient is chosen",
        Session::LaunchEncounter => "know which visit is chosen",
        Session::OfflineAccess => {
            "keep this access when you are not using it, until you or the server end it"
        }
        Session::OnlineAccess => "keep this access as long as you are signed in",
    }
}

fn of_data(scope: &DataScope) -> String {
    let what = scope.on.map_or("everything in the record".to_owned(), name_of);
    let whose = match scope.context {
        Context::Patient => "of this patient",
        Context::User => "of everybody you may see",
        Context::System => "of everybody",
    };
    let narrowed = scope
        .narrowing
        .as_ref()
        .map(|query| format!(", only where {}", query.text));
    format!(
        "{} {what} {whose}{}",
        verbs(scope.letters),
        narrowed.unwrap_or_default()
    )
}

fn verbs(letters: Letters) -> String {
    const VERBS: [(Access, &str); 5] = [
        (Access::Read, "read"),
        (Access::Search, "search"),
        (Access::Create, "add"),
        (Access::Update, "change"),
        (Access::Delete, "delete"),
    ];
    let may: Vec<&str> = VERBS
        .iter()
        .filter(|(access, _)| letters.covers((*access).into()))
        .map(|(_, verb)| *verb)
        .collect();
    match may.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "see nothing of".to_owned(),
    }
}

/// `RiskAssessment` as "risk assessment".
fn name_of(on: TypeId) -> String {
    if let Some((_, words)) = TYPES.iter().find(|(name, _)| *name == on.name()) {
        return (*words).to_owned();
    }
    let mut words = String::new();
    for (at, letter) in on.name().chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_said_in_words() {
        let said = |text: &str| of(&Scope::parse(text).unwrap());
        assert_eq!(
            said("patient/Observation.rs"),
            "read and search test results, vital signs and other observations of this patient"
        );
        assert_eq!(
            said("user/RiskAssessment.cud"),
            "add, change and delete risk assessment of everybody you may see"
        );
        assert_eq!(
            said("patient/*.r"),
            "read everything in the record of this patient"
        );
        assert_eq!(
            said("patient/Condition.s?category=encounter-diagnosis"),
            "search health problems and diagnoses of this patient, only where category=encounter-diagnosis"
        );
        assert!(TYPES.iter().all(|(name, _)| TypeId::of(name).is_some()));
    }
}
