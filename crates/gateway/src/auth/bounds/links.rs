//! Where a resource may point that is written with a token for some patients: to what is theirs and
//! open, to what holds no patient's data, or elsewhere. <https://hl7.org/fhir/R4/references.html>
//!
//! Else an app could tie a record to somebody else's, and learn from the answer that it is there. What
//! it already pointed to stays. With tokens for the whole system only enforced references are asked,
//! where one to what is hidden leads nowhere, as it would if that were absent.
use super::{Beside, Bounds, refusal};
use crate::auth::Access;
use crate::routes::visible::{belongs_to, parsed};
use fhir::TypeId;
use fhir::references::literals;
use fhir::search::reach::{Reach, is_open};
use std::collections::{BTreeMap, BTreeSet};
use store::{StoreError, Stored, Tx, Wish};

pub struct Links<'a> {
    pub bounds: &'a Bounds,
    /// By which the resource may be written.
    pub reach: &'a Reach,
    /// Because of whose it is.
    pub of_patients: bool,
    pub beside: &'a Beside<'a>,
}

type Target = (TypeId, String);

impl Links<'_> {
    pub fn check(&self, tx: &mut Tx, wish: &Wish, after: &Stored) -> Result<(), StoreError> {
        let enforced = tx.enforced().contains(&wish.type_id);
        if !enforced && !self.of_patients {
            return Ok(());
        }
        let mut new = targets(tx, after)?;
        if let Some(before) = &wish.before {
            let old: BTreeSet<Target> = targets(tx, before)?.into_keys().collect();
            new.retain(|target, _| !old.contains(target));
        }
        let mut broken = Vec::new();
        for (target, places) in new {
            if !self.leads(tx, &target, enforced)? {
                broken.extend(places);
            }
        }
        match broken.is_empty() {
            true => Ok(()),
            false => Err(refusal::leads_nowhere(wish, broken)),
        }
    }

    fn leads(&self, tx: &mut Tx, (on, id): &Target, enforced: bool) -> Result<bool, StoreError> {
        let rights = &self.bounds.rights;
        let beside = self.beside.contains(&(*on, id.as_str()));
        let known = self.bounds.known.iter().any(|(of, one)| of == on && one == id);
        if beside || known || belongs_to(tx, self.reach, *on, id)? {
            return Ok(true);
        }
        let asked = match self.of_patients {
            true => enforced || !is_open(*on),
            false => rights.mention(*on, Access::Read) || rights.mention(*on, Access::Search),
        };
        if !asked {
            return Ok(true);
        }
        let found = tx.get(*on, id)?.filter(|stored| !stored.deleted);
        found.map_or(Ok(false), |stored| self.bounds.is_open(tx, &stored))
    }
}

/// What it refers to here, each with the elements that do.
fn targets(tx: &Tx, stored: &Stored) -> Result<BTreeMap<Target, Vec<String>>, StoreError> {
    let resource = parsed(stored)?;
    let mut targets: BTreeMap<Target, Vec<String>> = BTreeMap::new();
    for one in literals(&resource, &tx.bases()) {
        if let Some((on, id)) = one.target {
            targets
                .entry((on, id.to_owned()))
                .or_default()
                .push(one.expression);
        }
    }
    Ok(targets)
}
