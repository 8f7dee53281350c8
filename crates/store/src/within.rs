//! How far somebody who writes may go: the door asks before it writes anything, in the transaction
//! that writes. <https://hl7.org/fhir/R4/security.html#AccessDenied>
//!
//! The store does not know who may what. It shows whoever does ([`Bounds`]) what is there, locked,
//! and what would be; what is hidden from the writer is then treated as if it were not there.
use crate::apply::{Found, Texts, carry_out, current};
use crate::commit::{Applied, Context, Expect, Said};
use crate::plan::plan;
use crate::prepare::Prepared;
use crate::{StoreError, Stored, Tx, point};
use fhir::{Resource, TypeId};
use std::fmt::Debug;

/// Implemented by the gateway for who does not see everything.
pub trait Bounds: Debug + Send + Sync {
    /// A verdict for each wish, or the refusal of one of them ([`StoreError::Refused`]).
    fn judge(&self, tx: &mut Tx, wishes: &[Wish]) -> Result<Vec<Verdict>, StoreError>;

    /// Whether this Provenance may go with writes of these.
    fn judge_said(&self, tx: &mut Tx, wish: &Wish, about: &[(TypeId, &str)]) -> Result<(), StoreError>;
}

/// One change as it would be.
#[derive(Debug)]
pub struct Wish<'a> {
    pub type_id: TypeId,
    pub id: &'a str,
    /// What is there now, not deleted.
    pub before: Option<Stored>,
    /// What would be there; None is a delete. Its version is not known yet.
    pub after: Option<Stored>,
    /// Under an id that the server chose.
    pub fresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Do nothing, and answer as if there were nothing.
    Absent,
}

pub(crate) fn apply(
    tx: &mut Tx,
    changes: &[&Prepared],
    bounds: &dyn Bounds,
    ctx: &Context,
    texts: Texts,
) -> Result<Vec<Applied>, StoreError> {
    let wishes = wishes(tx, changes, ctx)?;
    let verdicts = bounds.judge(tx, &wishes)?;
    drop(wishes);
    let judged = || changes.iter().copied().zip(&verdicts);
    let params = tx.params.clone();
    let absent = judged().filter(|(_, verdict)| **verdict == Verdict::Absent);
    let mut absent = absent
        .map(|(change, _)| Ok(plan(change, None, ctx, &params)?.applied(change, Texts::Unwanted)))
        .collect::<Result<Vec<_>, StoreError>>()?
        .into_iter();
    let go = judged().filter(|(_, verdict)| **verdict == Verdict::Go);
    let go: Vec<&Prepared> = go.map(|(change, _)| change).collect();
    let mut done = carry_out(tx, &go, ctx, texts)?.into_iter();
    let each = verdicts.iter().map(|verdict| match verdict {
        Verdict::Go => done.next(),
        Verdict::Absent => absent.next(),
    });
    Ok(each.flatten().collect())
}

fn wishes<'a>(tx: &mut Tx, changes: &[&'a Prepared], ctx: &Context) -> Result<Vec<Wish<'a>>, StoreError> {
    let mut there: Found = current(tx, changes, point::lock)?;
    let wish = |change: &&'a Prepared| {
        let before = there.remove(&(change.type_id, change.id.as_str()));
        let text = change.text().map(str::to_owned);
        Wish {
            type_id: change.type_id,
            id: &change.id,
            before: before.map(|row| row.stored).filter(|stored| !stored.deleted),
            after: text.map(|text| would_be((change.type_id, &change.id), text, ctx)),
            fresh: change.expect == Expect::Fresh,
        }
    };
    Ok(changes.iter().map(wish).collect())
}

fn would_be((type_id, id): (TypeId, &str), body: String, ctx: &Context) -> Stored {
    Stored {
        type_id,
        id: id.to_owned(),
        version: 0,
        updated: ctx.now,
        deleted: false,
        body,
    }
}

/// Of what a client says about a write that was just made.
pub(crate) fn judge_said(
    tx: &mut Tx,
    bounds: &dyn Bounds,
    (said, resource): (&Said, &Resource),
    (applied, ctx): (&[Applied], &Context),
) -> Result<(), StoreError> {
    let name = (resource.type_id, said.id.as_str());
    let wish = Wish {
        type_id: name.0,
        id: name.1,
        before: None,
        after: Some(would_be(name, resource.text.clone(), ctx)),
        fresh: true,
    };
    let about: Vec<(TypeId, &str)> = applied.iter().map(|one| (one.type_id, one.id.as_str())).collect();
    bounds.judge_said(tx, &wish, &about)
}
