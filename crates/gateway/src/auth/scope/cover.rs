//! Whether what is asked for stays within what is registered or was granted before.
//!
//! A scope is covered by those of the same context alone: `user/` is not wider than `patient/`,
//! as the person may see others than the patient of the launch, and `system/` acts for nobody. A
//! wildcard is covered by wildcards only: nobody registers for all types one by one.
use super::Scopes;
use super::grammar::{DataScope, Scope};
use super::letters::Letters;

impl Scopes {
    /// `self` when each of its scopes is covered by `registered`; else the first that is not.
    pub fn within(&self, registered: &Scopes) -> Result<(), String> {
        let beyond = self.scopes.iter().find(|scope| !registered.cover(scope));
        beyond.map_or(Ok(()), |scope| Err(scope.to_string()))
    }

    /// The scopes that are covered by the others, such as what a person consents to.
    pub fn limited_to(&self, others: &Scopes) -> Scopes {
        self.only(|scope| others.cover(scope))
    }

    fn cover(&self, wanted: &Scope) -> bool {
        let wanted = match wanted {
            Scope::Data(wanted) => wanted,
            Scope::Admin(office, letters) => return self.admin(*office).covers(*letters),
            Scope::Session(_) => return self.scopes.contains(wanted),
        };
        let wider = self.data().filter(|scope| scope.reaches(wanted));
        let letters = wider.fold(Letters::NONE, |all, scope| all.and(scope.letters));
        letters.covers(wanted.letters)
    }
}

impl DataScope {
    /// Whether it is about every resource that the other one is about.
    fn reaches(&self, other: &DataScope) -> bool {
        let types = self.on.is_none() || self.on == other.on;
        let narrowed = match (&self.narrowing, &other.narrowing) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(theirs)) => theirs.within(own),
        };
        self.context == other.context && types && narrowed
    }
}
