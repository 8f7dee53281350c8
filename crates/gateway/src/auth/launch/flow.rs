//! A sign-in under way: what the app asked, whose browser it is in, and what was chosen so far. It
//! lives in the database, so any gateway can show the next page and nobody can alter it on the way.
use super::asked::Asked;
use super::handles::Kept;
use super::launching::Launch;
use super::session::Who;
use crate::auth::scope::{Context, Session};
use serde::{Deserialize, Serialize};

/// From the app's request to the person's consent, in microseconds.
pub const LIFETIME: i64 = 15 * 60 * 1_000_000;

#[derive(Clone, Serialize, Deserialize)]
pub struct Flow {
    pub asked: Asked,
    /// What the EHR has settled.
    pub launch: Option<Launch>,
    /// Hash of the browser's cookie, once it came.
    pub browser: Option<String>,
    pub patient: Option<Chosen>,
    pub encounter: Encounter,
    /// The salt of the way to the provider, while the person is on it.
    #[serde(default)]
    pub errand: Option<String>,
    /// They signed out here: nobody is to be signed in without being asked.
    #[serde(default)]
    pub again: bool,
    /// Microseconds.
    pub expires: i64,
}

/// A patient or stay, and how people call it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chosen {
    pub id: String,
    pub label: Option<String>,
}

/// Which stay it is about. An Option in an Option would not survive being JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Encounter {
    Open,
    Without,
    Chosen(Chosen),
}

impl Encounter {
    pub fn chosen(&self) -> Option<&Chosen> {
        match self {
            Encounter::Chosen(chosen) => Some(chosen),
            Encounter::Open | Encounter::Without => None,
        }
    }
}

impl Kept for Flow {
    const KIND: &'static str = "flow";
}

/// What the person is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    SignIn,
    Patient,
    Encounter,
    Consent,
}

impl Flow {
    /// What an EHR's launch brings is chosen already.
    pub fn new(asked: Asked, launch: Option<Launch>, now: i64) -> Flow {
        let known = |id: &Option<String>| id.clone().map(|id| Chosen { id, label: None });
        let encounter = launch.as_ref().and_then(|launch| known(&launch.encounter));
        Flow {
            asked,
            browser: None,
            patient: launch.as_ref().and_then(|launch| known(&launch.patient)),
            encounter: encounter.map_or(Encounter::Open, Encounter::Chosen),
            launch,
            errand: None,
            again: false,
            expires: now + LIFETIME,
        }
    }

    pub fn step(&self, who: Option<&Who>) -> Step {
        let scopes = self.asked.scopes();
        let about_patient = scopes.has(Session::LaunchPatient) || scopes.has_context(Context::Patient);
        let about_encounter = scopes.has(Session::LaunchEncounter);
        match who {
            None => Step::SignIn,
            Some(who) if who.since < self.asked.since => Step::SignIn,
            _ if (about_patient || about_encounter) && self.patient.is_none() => Step::Patient,
            _ if about_encounter && matches!(self.encounter, Encounter::Open) => Step::Encounter,
            _ => Step::Consent,
        }
    }

    /// Somebody else signs in, who chooses anew.
    pub fn begin_again(&mut self) {
        let fresh = Flow::new(self.asked.clone(), self.launch.clone(), 0);
        self.patient = fresh.patient;
        self.encounter = fresh.encounter;
        self.again = true;
    }
}
