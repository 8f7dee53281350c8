//! A search as somebody with limited sight may ask it: every resource that it looks at, at every
//! hop, is one they see. <https://hl7.org/fhir/R4/search.html#security>
use super::Reach;
use crate::TypeId;
use crate::search::{Filter, Query, Total};
use std::fmt::Debug;
use std::sync::Arc;

/// What somebody finds, and what they are given.
pub trait Rights: Debug + Send + Sync {
    fn reach(&self, on: TypeId, how: Use) -> Reach;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A search, a chain or `_has` may come upon it.
    Find,
    /// It may be handed out.
    Read,
}

/// Chains and `_has` lead through what is found alone, and so do the matches; what is included
/// is decided where it is fetched, by [`Query::rights`].
pub fn restrict(query: &mut Query, rights: Arc<dyn Rights>) {
    for filter in &mut query.filters {
        *filter = within(std::mem::replace(filter, Filter::Nothing), &*rights);
    }
    if let Some(seen) = seen(query.on, &*rights) {
        match seen {
            Filter::And(parts) => query.filters.extend(parts),
            one => query.filters.push(one),
        }
        // A sample would tell how much there is beyond.
        if query.total == Total::Estimate {
            query.total = Total::Accurate;
        }
    }
    query.rights = Some(rights);
}

fn seen(on: TypeId, rights: &dyn Rights) -> Option<Filter> {
    rights.reach(on, Use::Find).filter(on)
}

fn within(filter: Filter, rights: &dyn Rights) -> Filter {
    let all = |filters: Vec<Filter>| filters.into_iter().map(|one| within(one, rights)).collect();
    match filter {
        Filter::Chain { param, target, inner } => {
            let inner = within(*inner, rights);
            let link = |on: TypeId| Filter::Chain {
                param,
                target: vec![on],
                inner: Box::new(both(inner.clone(), seen(on, rights))),
            };
            super::any(target.into_iter().map(link).collect())
        }
        Filter::Has { from, by, inner } => Filter::Has {
            from,
            by,
            inner: Box::new(both(within(*inner, rights), seen(from, rights))),
        },
        Filter::Not(inner) => Filter::Not(Box::new(within(*inner, rights))),
        Filter::Or(filters) => Filter::Or(all(filters)),
        Filter::And(filters) => Filter::And(all(filters)),
        // The resource's own, and stored terminology, which is refused to who does not see all of it.
        Filter::Id(_)
        | Filter::LastUpdated(_)
        | Filter::Param { .. }
        | Filter::Missing { .. }
        | Filter::Checked(_)
        | Filter::Terminology { .. }
        | Filter::OfPatients(_)
        | Filter::Shown(_)
        | Filter::Nothing => filter,
    }
}

fn both(filter: Filter, seen: Option<Filter>) -> Filter {
    match seen {
        None => filter,
        Some(seen) => Filter::And(vec![filter, seen]),
    }
}
