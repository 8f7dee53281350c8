//! Whose people see everything, and whom consents and security labels restrict.
//!
//! ```toml
//! [privacy]
//! own = ["Organization/riverside"]
//! unaffiliated = "own"
//! purpose = "TREAT"
//! break_glass = ["Practitioner", "the-client-id"]
//! ```
//! Without `own` nobody is of another organisation, and nothing is restricted.
use fhir::TypeId;
use fhir::consent::purpose;
use fhir::search::index::parse_reference;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Privacy {
    /// Organisations whose people see everything, with those that are part of them.
    pub own: Arc<[String]>,
    /// What a client is of which no organisation is known, and that no person uses.
    pub unaffiliated: Unaffiliated,
    /// For requests that do not say their purpose.
    pub purpose: Option<&'static str>,
    /// Who may break the glass: ids of clients, and types of persons.
    pub break_glass: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unaffiliated {
    #[default]
    Other,
    Own,
}

/// As written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyTable {
    own: Vec<String>,
    unaffiliated: Option<Unaffiliated>,
    purpose: Option<String>,
    break_glass: Vec<String>,
}

impl PrivacyTable {
    pub fn settings(self) -> Result<Privacy, String> {
        if let Some(text) = self.own.iter().find(|text| !is_organization(text)) {
            return Err(format!(
                "privacy.own: `{text}` is not a reference such as `Organization/123`"
            ));
        }
        let purpose = match &self.purpose {
            None => None,
            Some(code) => Some(purpose::find(code).ok_or_else(|| {
                format!("privacy.purpose: `{code}` is not a code of v3's PurposeOfUse, such as TREAT")
            })?),
        };
        let given = self.unaffiliated.is_some() || purpose.is_some() || !self.break_glass.is_empty();
        if self.own.is_empty() && given {
            return Err("privacy.own must say which organisations are this server's own".into());
        }
        Ok(Privacy {
            own: self.own.into(),
            unaffiliated: self.unaffiliated.unwrap_or_default(),
            purpose,
            break_glass: self.break_glass,
        })
    }
}

impl Privacy {
    /// Whether anybody is restricted at all.
    pub fn is_on(&self) -> bool {
        !self.own.is_empty()
    }
}

/// Such as `Organization/123`.
pub fn is_organization(text: &str) -> bool {
    let organization = TypeId::of("Organization");
    let found = parse_reference(text);
    found.is_some_and(|(on, id)| Some(on) == organization && text == format!("{}/{id}", on.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Privacy, String> {
        toml::from_str::<PrivacyTable>(text)
            .map_err(|error| error.to_string())?
            .settings()
    }

    #[test]
    fn without_own_organisations_nobody_is_restricted() {
        assert!(!settings("").unwrap().is_on());
        let some = settings("own = ['Organization/a']\npurpose = 'TREAT'").unwrap();
        assert!(some.is_on() && some.unaffiliated == Unaffiliated::Other && some.purpose == Some("TREAT"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (text, why) in [
            ("own = ['Practitioner/a']", "privacy.own"),
            ("own = ['Organization/']", "privacy.own"),
            ("own = ['Organization/a/_history/1']", "privacy.own"),
            ("own = ['Organization/a']\npurpose = 'CARE'", "privacy.purpose"),
            ("break_glass = ['Practitioner']", "privacy.own must"),
            ("own = []\nunaffiliated = 'mine'", "unknown variant"),
            ("owned = []", "unknown field"),
        ] {
            let refused = settings(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
