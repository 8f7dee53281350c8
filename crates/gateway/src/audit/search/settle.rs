//! What leads to other resources, put in terms of the event itself: chains and `_has` are searched
//! first, and their ids take their place. <https://hl7.org/fhir/R4/search.html#chaining>
use super::refused;
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::index::references;
use fhir::search::{Filter, Query, Reference, Test};
use store::{StoreError, Stored, Tx};

/// Resources that a chain may lead to.
const MOST: usize = 1_000;

pub fn settle(tx: &mut Tx, on: TypeId, filter: &Filter) -> Result<Filter, StoreError> {
    let all = |tx: &mut Tx, parts: &[Filter]| -> Result<Vec<Filter>, StoreError> {
        parts.iter().map(|part| settle(tx, on, part)).collect()
    };
    match filter {
        Filter::Chain { param, target, inner } => chain(tx, param, target, inner),
        Filter::Has { from, by, inner } => has(tx, on, (*from, by), inner),
        Filter::Not(inner) => Ok(Filter::Not(Box::new(settle(tx, on, inner)?))),
        Filter::Or(parts) => Ok(Filter::Or(all(tx, parts)?)),
        Filter::And(parts) => Ok(Filter::And(all(tx, parts)?)),
        Filter::Terminology { .. } => Err(refused(
            "Recorded events are not searched by value sets and code hierarchies; name the codes",
        )),
        other => Ok(other.clone()),
    }
}

fn chain(
    tx: &mut Tx,
    param: &'static SearchParam,
    target: &[TypeId],
    inner: &Filter,
) -> Result<Filter, StoreError> {
    let mut led = Vec::new();
    for of in target {
        let found = found(tx, *of, inner)?;
        led.extend(found.into_iter().map(|stored| Reference::Local {
            type_id: Some(*of),
            id: stored.id,
        }));
    }
    Ok(match led.is_empty() {
        true => Filter::Nothing,
        false => Filter::Param {
            param,
            test: Test::Reference(led),
        },
    })
}

fn has(
    tx: &mut Tx,
    on: TypeId,
    (from, by): (TypeId, &'static SearchParam),
    inner: &Filter,
) -> Result<Filter, StoreError> {
    let mut ids = Vec::new();
    for stored in found(tx, from, inner)? {
        let Ok(resource) = serde_json::from_str(&stored.body) else {
            continue;
        };
        let led = references(&resource, by, &tx.bases())
            .into_iter()
            .filter(|(to, _)| *to == on);
        ids.extend(led.map(|(_, id)| id));
    }
    Ok(Filter::Id(ids))
}

fn found(tx: &mut Tx, on: TypeId, inner: &Filter) -> Result<Vec<Stored>, StoreError> {
    let page = tx.search(&Query::new(on, vec![inner.clone()], MOST))?;
    match page.next {
        Some(_) => Err(refused(
            "The chain leads to more than a thousand resources; narrow it, or search by their ids",
        )),
        None => Ok(page.matches),
    }
}
