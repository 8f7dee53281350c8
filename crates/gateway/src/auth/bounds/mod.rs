//! How far a token that opens a part only may write: the store's door asks, before it writes.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
//!
//! What is changed must be open before and after, and what is made must be open; both are judged by
//! what is stored before the write, so that no write opens anything. What is hidden is not there.
mod links;
mod refusal;

use super::Access;
use super::holder::Holder;
use super::rights::Rights;
use crate::routes::visible::{belongs_to, patients, sees};
use fhir::TypeId;
use fhir::search::reach::{Reach, Whose, patient_type};
use links::Links;
use std::collections::HashSet;
use std::sync::Arc;
use store::{StoreError, Stored, Tx, Verdict, Wish};

#[derive(Debug)]
pub struct Bounds {
    rights: Arc<Rights>,
    /// What the launch has named to the client.
    known: Vec<(TypeId, String)>,
}

/// What one call of the door writes.
type Beside<'a> = HashSet<(TypeId, &'a str)>;

impl Bounds {
    pub fn new(rights: Arc<Rights>, holder: &Holder) -> Bounds {
        let known = holder.known().map(|(on, id)| (on, id.to_owned()));
        Bounds {
            known: known.collect(),
            rights,
        }
    }

    /// What may be changed of what is there: None where it is absent or hidden, and a refusal where
    /// it is open to other uses, so that its existence is no secret.
    pub fn change<'a>(
        &self,
        tx: &mut Tx,
        before: Option<&'a Stored>,
        access: Access,
    ) -> Result<Option<&'a Stored>, StoreError> {
        let Some(stored) = before.filter(|stored| !stored.deleted) else {
            return Ok(None);
        };
        if may(tx, stored, &self.rights.reach(stored.type_id, access))? {
            return Ok(Some(stored));
        }
        match self.is_open(tx, stored)? {
            true => Err(refusal::only_to_look_at(stored, access)),
            false => Ok(None),
        }
    }

    /// Whether it may be read or found.
    fn is_open(&self, tx: &mut Tx, stored: &Stored) -> Result<bool, StoreError> {
        for access in [Access::Read, Access::Search] {
            if sees(tx, &self.rights.reach(stored.type_id, access), stored)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one(&self, tx: &mut Tx, wish: &Wish, beside: &Beside) -> Result<Verdict, StoreError> {
        match &wish.after {
            None => self.delete(tx, wish),
            Some(after) if wish.fresh => self.create(tx, wish, after, beside),
            Some(after) => self.update(tx, wish, after, beside),
        }
    }

    fn create(
        &self,
        tx: &mut Tx,
        wish: &Wish,
        after: &Stored,
        beside: &Beside,
    ) -> Result<Verdict, StoreError> {
        let reach = self.rights.reach(wish.type_id, Access::Create);
        if !may(tx, after, &reach)? {
            return Err(refusal::out_of_reach(wish, Access::Create));
        }
        let of_patients = !sees(tx, &of_everybody(&reach), after)?;
        self.links(&reach, of_patients, beside).check(tx, wish, after)?;
        Ok(Verdict::Go)
    }

    fn update(
        &self,
        tx: &mut Tx,
        wish: &Wish,
        after: &Stored,
        beside: &Beside,
    ) -> Result<Verdict, StoreError> {
        let reach = self.rights.reach(wish.type_id, Access::Update);
        let Some(before) = self.change(tx, wish.before.as_ref(), Access::Update)? else {
            // Where everything may be changed, nothing is hidden that an id could find.
            return match reach.is_all() {
                true => self.create(tx, wish, after, beside),
                false => Err(refusal::not_there(wish)),
            };
        };
        // Whether consents show it to them is no secret of theirs to find out by writing.
        let reach = reach.unveiled();
        if !may(tx, after, &reach)? {
            return Err(refusal::out_of_reach(wish, Access::Update));
        }
        let whole = of_everybody(&reach);
        let of_patients = !(sees(tx, &whole, before)? && sees(tx, &whole, after)?);
        if of_patients && !patients(tx, before)?.is_subset(&patients(tx, after)?) {
            return Err(refusal::moved(wish));
        }
        self.links(&reach, of_patients, beside).check(tx, wish, after)?;
        Ok(Verdict::Go)
    }

    fn delete(&self, tx: &mut Tx, wish: &Wish) -> Result<Verdict, StoreError> {
        match self.change(tx, wish.before.as_ref(), Access::Delete)? {
            None => Ok(Verdict::Absent),
            Some(_) if self.may_unlink(tx, wish.type_id) => Ok(Verdict::Go),
            Some(_) => Err(refusal::referrers_hidden(wish)),
        }
    }

    /// Where references are enforced, that something refers to a resource tells of that something.
    fn may_unlink(&self, tx: &Tx, on: TypeId) -> bool {
        let all = |of: &TypeId| self.rights.reach(*of, Access::Read).is_all();
        self.rights.reach(on, Access::Delete).is_all() || tx.enforced().iter().all(all)
    }

    fn links<'a>(&'a self, reach: &'a Reach, of_patients: bool, beside: &'a Beside) -> Links<'a> {
        Links {
            bounds: self,
            reach,
            of_patients,
            beside,
        }
    }
}

/// Whether a resource that is, or would be, may be written. Records of patients who are only linked
/// to those of the token are theirs to read, not to write.
fn may(tx: &mut Tx, stored: &Stored, reach: &Reach) -> Result<bool, StoreError> {
    if !sees(tx, reach, stored)? {
        return Ok(false);
    }
    Ok(Some(stored.type_id) != patient_type()
        || sees(tx, &of_everybody(reach), stored)?
        || belongs_to(tx, reach, stored.type_id, &stored.id)?)
}

/// What is open whoever's it is.
fn of_everybody(reach: &Reach) -> Reach {
    reach.only(|share| matches!(share.whose, Whose::Everybody))
}

impl store::Bounds for Bounds {
    fn judge(&self, tx: &mut Tx, wishes: &[Wish]) -> Result<Vec<Verdict>, StoreError> {
        let puts = wishes.iter().filter(|wish| wish.after.is_some());
        let beside: Beside = puts.map(|wish| (wish.type_id, wish.id)).collect();
        let judged = wishes.iter().map(|wish| self.one(tx, wish, &beside));
        judged.collect()
    }

    /// Its targets are what was just written, which was judged; all else as if it were created.
    fn judge_said(&self, tx: &mut Tx, wish: &Wish, about: &[(TypeId, &str)]) -> Result<(), StoreError> {
        let Some(said) = &wish.after else { return Ok(()) };
        let reach = self.rights.reach(wish.type_id, Access::Create);
        if !sees(tx, &reach.of_whomever(), said)? {
            return Err(refusal::out_of_reach(wish, Access::Create));
        }
        let of_patients = !sees(tx, &of_everybody(&reach), said)?;
        let beside = about.iter().copied().collect();
        self.links(&reach, of_patients, &beside).check(tx, wish, said)
    }
}
