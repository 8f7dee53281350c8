//! Who somebody is to Consents: themselves, their roles and their organisations, by
//! `fhir/data/actors.tsv`. <https://hl7.org/fhir/R4/practitionerrole.html>
use crate::conn::Conn;
use crate::{StoreError, Stored, point, search};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::consent::asker::{Step, is_current, steps};
use fhir::consent::{Asker, Recipient};
use fhir::registry::SearchParam;
use fhir::search::index::{parse_reference, references};
use fhir::search::{Filter, Query, Reference, Test};
use serde_json::Value;
use std::collections::BTreeSet;

/// Roles of one person.
const MOST: usize = 200;
/// Organisations within organisations.
const DEEPEST: usize = 8;

type Name = (TypeId, String);

/// Found out once for each asker; None where it is one of our own.
pub(crate) fn recipient<'a>(
    conn: &mut Conn,
    asker: &'a Asker,
    bases: &Bases,
) -> Result<Option<&'a Recipient>, StoreError> {
    if asker.found().is_none() {
        let actors = actors(conn, asker, bases)?;
        asker.keep(actors);
    }
    Ok(asker.found().and_then(Option::as_ref))
}

fn actors(conn: &mut Conn, asker: &Asker, bases: &Bases) -> Result<BTreeSet<String>, StoreError> {
    let who = asker.who.as_deref().and_then(parse_reference);
    let mut known: BTreeSet<Name> = who.map(|(on, id)| (on, id.to_owned())).into_iter().collect();
    for step in steps() {
        match step {
            Step::Back { to, from, by } => {
                for (_, id) in of(&known, *to) {
                    let roles = referring(conn, (*to, id), *from, by)?;
                    let current = roles.into_iter().filter(|role| is_current_at(role, asker.now));
                    known.extend(current.map(|role| (role.type_id, role.id)));
                }
            }
            Step::Forth { from, by, current } => {
                let at = current.then_some(asker.now);
                climb(conn, &mut known, (*from, by), at, bases)?;
            }
        }
    }
    let name = |(on, id): Name| format!("{}/{id}", on.name());
    Ok(known.into_iter().map(name).collect())
}

fn of(known: &BTreeSet<Name>, on: TypeId) -> Vec<Name> {
    known.iter().filter(|(of, _)| *of == on).cloned().collect()
}

/// Along references, as far as they lead to more of the same type.
fn climb(
    conn: &mut Conn,
    known: &mut BTreeSet<Name>,
    (from, by): (TypeId, &SearchParam),
    at: Option<i64>,
    bases: &Bases,
) -> Result<(), StoreError> {
    let mut fresh = of(known, from);
    for _ in 0..DEEPEST {
        let mut found = Vec::new();
        for (on, id) in std::mem::take(&mut fresh) {
            let stored = point::get(conn, on, &id)?.map(|row| row.stored);
            let Some(stored) = stored.filter(|stored| !stored.deleted) else {
                continue;
            };
            if at.is_none_or(|now| is_current_at(&stored, now)) {
                found.extend(references(&parsed(&stored)?, by, bases));
            }
        }
        for name in found {
            if known.insert(name.clone()) && name.0 == from {
                fresh.push(name);
            }
        }
    }
    Ok(())
}

fn referring(
    conn: &mut Conn,
    (on, id): Name,
    from: TypeId,
    by: &'static SearchParam,
) -> Result<Vec<Stored>, StoreError> {
    let type_id = Some(on);
    let leads = Filter::Param {
        param: by,
        test: Test::Reference(vec![Reference::Local { type_id, id }]),
    };
    Ok(search::run(conn, &Query::new(from, vec![leads], MOST))?.matches)
}

fn is_current_at(stored: &Stored, now: i64) -> bool {
    parsed(stored).is_ok_and(|resource| is_current(&resource, now))
}

fn parsed(stored: &Stored) -> Result<Value, StoreError> {
    serde_json::from_str(&stored.body)
        .map_err(|_| StoreError::Database("a stored resource does not parse".into()))
}
