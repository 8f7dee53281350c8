//! What of a change can be worked out before a connection is needed: on the caller's thread,
//! where it costs nobody else time.
use crate::commit::{Change, Context, Expect, Op};
use crate::rows::IndexRows;
use fhir::search::index::entries;
use fhir::{Resource, TypeId};

/// A change with its index rows.
pub(crate) struct Prepared {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) expect: Expect,
    /// None is a delete.
    pub(crate) put: Option<Put>,
}

pub(crate) struct Put {
    pub(crate) resource: Box<Resource>,
    pub(crate) rows: IndexRows,
    /// The text of version 1, when nothing can be there yet.
    pub(crate) first: Option<String>,
}

impl Prepared {
    pub(crate) fn of(change: Change, ctx: &Context) -> Prepared {
        let Change {
            type_id,
            id,
            op,
            expect,
        } = change;
        let put = match op {
            Op::Delete => None,
            Op::Put(resource) => {
                let rows = IndexRows::of(entries(&resource));
                let first = (expect == Expect::Fresh)
                    .then(|| resource.stamped(&id, 1, &fhir::datetime::instant(ctx.now)));
                Some(Put {
                    resource,
                    rows,
                    first,
                })
            }
        };
        Prepared {
            type_id,
            id,
            expect,
            put,
        }
    }

    pub(crate) fn all(changes: Vec<Change>, ctx: &Context) -> Vec<Prepared> {
        changes
            .into_iter()
            .map(|change| Prepared::of(change, ctx))
            .collect()
    }
}
