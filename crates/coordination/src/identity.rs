//! The ids of derived resources: a function of protocol, Encounter and step.
use crate::facts::Key;
use fhir::event::derived_id;

/// Identities of what a protocol derives from a stay: a function of the three, so that any run on
/// any machine finds what another made.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    pub protocol: &'a str,
    pub encounter: &'a str,
}

impl Identity<'_> {
    pub fn of(&self, what: &str) -> String {
        derived_id(&[self.protocol, self.encounter, what])
    }

    pub fn episode(&self) -> Key {
        ("EpisodeOfCare", self.of("episode"))
    }

    pub fn plan(&self) -> Key {
        ("CarePlan", self.of("plan"))
    }

    pub fn team(&self) -> Key {
        ("CareTeam", self.of("team"))
    }

    pub fn risk(&self) -> Key {
        ("RiskAssessment", self.of("risk"))
    }

    pub fn review(&self) -> Key {
        ("Task", self.of("disposition-review"))
    }

    pub fn task(&self, step: &str) -> Key {
        ("Task", self.of(step))
    }

    /// The same step again after a restarted discharge.
    pub fn successor(&self, step: &str, discharge: i64) -> Key {
        (
            "Task",
            derived_id(&[self.protocol, self.encounter, step, &discharge.to_string()]),
        )
    }
}
