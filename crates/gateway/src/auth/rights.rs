//! What the scopes of one token open: for each type and letter everything, nothing, or what a
//! search would find. <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
//!
//! `system/` opens all, `patient/` the compartment of the patient of the launch, `user/` the
//! compartments of the patients whom the policy gives the person. What belongs to no patient
//! (`fhir/data/open.tsv`) may be read under either, and written under neither. Scopes unite, and
//! consents and labels narrow what all of them open to somebody of another organisation.
use super::Access;
use super::holder::Holder;
use super::policy::Policy;
use super::privacy::Outsider;
use super::scope::{Context, DataScope, Office, Scopes};
use super::whole::is_whole;
use fhir::TypeId;
use fhir::consent::governs;
use fhir::search::Filter;
use fhir::search::reach::{self, Panel, Reach, Share, Use, Whose, has_patients, is_open};
use std::sync::{Arc, LazyLock};

#[derive(Debug)]
pub struct Rights {
    scopes: Arc<Scopes>,
    /// Of the launch.
    patient: Option<Whose>,
    /// Whom the person may see, by the policy.
    patients: Option<Whose>,
    /// Whether some scope opens a part of a type only.
    limited: bool,
    /// Somebody of another organisation: consents and labels narrow what they see.
    outsider: Option<Outsider>,
}

impl Rights {
    pub fn of(scopes: Arc<Scopes>, holder: &Holder, policy: &Policy) -> Rights {
        let limited = scopes.data().any(DataScope::is_limited);
        Rights {
            scopes,
            limited,
            outsider: None,
            patient: holder.patient.clone().map(Whose::Patient),
            patients: holder.person().and_then(|(person, id)| policy.whose(person, id)),
        }
    }

    /// Whether this may be kept like this.
    pub fn administer(&self, office: Office, access: Access) -> bool {
        self.scopes.admin(office).covers(access.into())
    }

    /// For one request: whom the person may see, and of which organisation they are, is found out
    /// anew.
    pub fn for_request(self: &Arc<Rights>, outsider: Option<Outsider>) -> Arc<Rights> {
        let panel = match &self.patients {
            Some(Whose::Patients(panel)) => Some(Whose::Patients(Panel::new(panel.passes.clone()))),
            _ => None,
        };
        if panel.is_none() && outsider.is_none() {
            return self.clone();
        }
        Arc::new(Rights {
            scopes: self.scopes.clone(),
            patient: self.patient.clone(),
            patients: panel.or_else(|| self.patients.clone()),
            limited: self.limited,
            outsider,
        })
    }

    /// Made once: without tokens every request has them.
    pub fn everything() -> Arc<Rights> {
        static ALL: LazyLock<Arc<Rights>> = LazyLock::new(|| {
            let scopes = Arc::new(Scopes::everything());
            Arc::new(Rights::of(scopes, &Holder::default(), Policy::built_in()))
        });
        ALL.clone()
    }

    /// Whether nothing is decided resource by resource.
    pub fn are_plain(&self) -> bool {
        !self.limited && self.outsider.is_none()
    }

    /// Whether a scope speaks of this at all, however little it opens.
    pub fn mention(&self, on: TypeId, access: Access) -> bool {
        self.scopes_of(on, access).next().is_some()
    }

    pub fn reach(&self, on: TypeId, access: Access) -> Reach {
        match self.united(on, access) {
            Reach::Any(_) if access.is_write() && is_whole(on) => Reach::NOTHING,
            reach => reach,
        }
    }

    fn united(&self, on: TypeId, access: Access) -> Reach {
        let mut reach = Reach::NOTHING;
        if self.outsider.is_some() && governs(on) && !matches!(access, Access::Read | Access::Search) {
            return reach;
        }
        for scope in self.scopes_of(on, access) {
            let narrowed = scope.narrowing.iter().flat_map(|query| query.filters(on));
            let narrowed = narrowed.cloned().chain(self.shown(access)).collect();
            if let Some(whose) = self.whose(scope.context, on, access) {
                reach.add(Share { whose, narrowed });
            }
        }
        reach
    }

    /// Who brings something new needs nobody's consent.
    fn shown(&self, access: Access) -> Option<Filter> {
        let outsider = self.outsider.as_ref()?;
        let withheld = access != Access::Create && !outsider.glass_broken;
        withheld.then(|| Filter::Shown(outsider.asker.clone()))
    }

    fn scopes_of(&self, on: TypeId, access: Access) -> impl Iterator<Item = &DataScope> {
        let of_type = self.scopes.data().filter(move |scope| scope.is_about(on));
        of_type.filter(move |scope| scope.letters.covers(access.into()))
    }

    fn whose(&self, context: Context, on: TypeId, access: Access) -> Option<Whose> {
        let patients = match context {
            Context::System => return Some(Whose::Everybody),
            Context::Patient => self.patient.as_ref()?,
            Context::User => self.patients.as_ref()?,
        };
        match access {
            _ if has_patients(on) => Some(patients.clone()),
            Access::Read | Access::Search if is_open(on) => Some(Whose::Everybody),
            _ => None,
        }
    }
}

impl reach::Rights for Rights {
    fn reach(&self, on: TypeId, how: Use) -> Reach {
        let access = match how {
            Use::Find => Access::Search,
            Use::Read => Access::Read,
        };
        Rights::reach(self, on, access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(scopes: &str, user: Option<&str>) -> Rights {
        let holder = Holder {
            patient: Some("p".into()),
            fhir_user: user.map(str::to_owned),
            ..Holder::default()
        };
        let scopes = Scopes::parse(scopes).unwrap();
        Rights::of(Arc::new(scopes), &holder, Policy::built_in())
    }

    fn reach(rights: &Rights, on: &str, access: Access) -> String {
        match rights.reach(TypeId::of(on).unwrap(), access) {
            Reach::All => "all".into(),
            Reach::Any(shares) => {
                let share = |share: &Share| match (&share.whose, share.narrowed.len()) {
                    (Whose::Everybody, query) => format!("any?{query}"),
                    (Whose::Patient(id), query) => format!("{id}?{query}"),
                    (Whose::Patients(_), query) => format!("many?{query}"),
                };
                shares.iter().map(share).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn each_context_opens_its_own_and_scopes_unite() {
        let doctor = Some("Practitioner/d");
        for (scopes, user, on, expected) in [
            ("system/*.rs", None, "Observation", "all"),
            ("system/Patient.rs", None, "Observation", ""),
            (
                "system/Observation.r?code=x&status=final",
                None,
                "Observation",
                "any?2",
            ),
            ("patient/*.rs", None, "Observation", "p?0"),
            ("patient/*.rs", None, "Practitioner", "all"),
            ("patient/*.rs", None, "Binary", ""),
            ("patient/*.rs", None, "Patient", "p?0"),
            (
                "patient/Practitioner.r?active=true",
                None,
                "Practitioner",
                "any?1",
            ),
            ("user/*.rs", None, "Observation", ""),
            ("user/*.rs", None, "Practitioner", ""),
            ("user/*.rs", Some("Person/x"), "Observation", ""),
            ("user/*.rs", Some("Patient/q"), "Observation", "q?0"),
            ("user/*.rs", doctor, "Observation", "many?0"),
            ("user/*.rs", doctor, "Location", "all"),
            (
                "user/Observation.r?code=x patient/Observation.r",
                doctor,
                "Observation",
                "many?1 p?0",
            ),
            ("patient/*.rs system/Observation.r", doctor, "Observation", "all"),
            ("patient/Observation.s", doctor, "Observation", ""),
        ] {
            let rights = rights(scopes, user);
            assert_eq!(
                reach(&rights, on, Access::Read),
                expected,
                "{scopes} of {user:?} on {on}"
            );
        }
    }

    #[test]
    fn what_belongs_to_no_patient_is_written_by_systems_alone() {
        let person = rights("patient/*.cruds user/*.cruds", Some("Practitioner/d"));
        for access in [Access::Create, Access::Update, Access::Delete] {
            assert_eq!(reach(&person, "Organization", access), "");
            assert!(person.mention(TypeId::of("Organization").unwrap(), access));
            assert_eq!(reach(&person, "Observation", access), "p?0 many?0");
        }
    }

    #[test]
    fn what_changes_the_server_is_written_with_all_of_the_type_or_not_at_all() {
        let some = rights(
            "system/SearchParameter.cruds?status=draft patient/Consent.cruds",
            None,
        );
        assert_eq!(reach(&some, "SearchParameter", Access::Update), "");
        assert_eq!(reach(&some, "SearchParameter", Access::Read), "any?1");
        assert_eq!(reach(&some, "Consent", Access::Create), "");
        assert_eq!(reach(&some, "Consent", Access::Read), "p?0");
        let all = rights("system/*.cruds", None);
        assert_eq!(reach(&all, "SearchParameter", Access::Update), "all");
    }

    #[test]
    fn only_limited_scopes_cost_anything() {
        assert!(rights("system/*.rs openid", None).are_plain() && Rights::everything().are_plain());
        for limited in [
            "patient/*.r",
            "user/*.r",
            "system/Task.r system/Patient.r?active=true",
        ] {
            assert!(!rights(limited, None).are_plain(), "{limited}");
        }
    }
}
