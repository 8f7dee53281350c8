//! For whom a token acts beyond the client that has it: what a launch has settled.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-context-data>
use crate::routes::path::is_id;
use fhir::TypeId;
use serde::{Deserialize, Serialize};

/// The claims that only tokens of a launch, or of other issuers, have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Id of the patient whom `patient/` scopes are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
    /// Relative reference to the person, such as `Practitioner/x`.
    #[serde(rename = "fhirUser", skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
    /// The grant that all tokens of one launch come from: revoked, it takes them all with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Relative reference to the organisation that the client was of when the token was issued, or that
    /// another issuer says it acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Whom another issuer means, as `issuer|subject`.
    #[serde(skip)]
    pub subject: Option<String>,
}

impl Holder {
    /// Whether ids are ids and the person is a resource, so that they can become conditions.
    pub fn is_sound(&self) -> bool {
        let mut ids = [&self.patient, &self.encounter].into_iter().flatten();
        ids.all(|id| is_id(id)) && (self.fhir_user.is_none() || self.person().is_some())
    }

    /// The resources that the client knows of by the launch itself.
    pub fn known(&self) -> impl Iterator<Item = (TypeId, &str)> {
        let named = [("Patient", &self.patient), ("Encounter", &self.encounter)];
        let named = named
            .into_iter()
            .filter_map(|(name, id)| Some((TypeId::of(name)?, id.as_deref()?)));
        named.chain(self.person())
    }

    /// The person as type and id.
    pub fn person(&self) -> Option<(TypeId, &str)> {
        let (name, id) = self.fhir_user.as_deref()?.split_once('/')?;
        let type_id = TypeId::of(name)?;
        is_id(id).then_some((type_id, id))
    }
}
