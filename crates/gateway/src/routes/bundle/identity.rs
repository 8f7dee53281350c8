//! Which resource each entry turned out to be about, and so what links between entries mean.
use super::plan::{Plan, Step};
use super::what::What;
use crate::error::ApiError;
use crate::routes::patch;
use crate::routes::read::existing;
use crate::routes::update::put;
use fhir::bundle::{Method, place, relink};
use fhir::{Issue, IssueCode, TypeId};
use std::collections::HashMap;
use store::{Change, Expect, Op, StoreError, Stored};

/// What an entry comes to, given what the criteria found.
pub enum Fate {
    Change(Change),
    /// A conditional create that found its resource.
    Kept(Stored),
    /// A conditional delete that found nothing.
    Nothing,
    /// A read.
    Later,
}

impl Fate {
    fn identity(&self) -> Option<(TypeId, &str)> {
        match self {
            Fate::Change(change) => Some((change.type_id, &change.id)),
            Fate::Kept(stored) => Some((stored.type_id, &stored.id)),
            Fate::Nothing | Fate::Later => None,
        }
    }
}

/// `found` holds at most one resource per criteria, `current` what an entry with an id patches.
pub fn fate(step: &Step, found: &[Option<Stored>], current: Option<&Stored>) -> Result<Fate, StoreError> {
    let change = |type_id, id: &str, op, expect| {
        Fate::Change(Change {
            type_id,
            id: id.to_owned(),
            op,
            expect,
        })
    };
    Ok(match &step.what {
        What::Create { resource, id, unless } => match unless.and_then(|place| found[place].clone()) {
            Some(stored) => Fate::Kept(stored),
            None => change(
                resource.type_id,
                id,
                Op::Put(Box::new(resource.clone())),
                Expect::Fresh,
            ),
        },
        What::Update { resource, id, expect } => {
            change(resource.type_id, id, Op::Put(Box::new(resource.clone())), *expect)
        }
        What::UpdateBy {
            resource,
            id,
            criteria,
            expect,
        } => Fate::Change(put(resource, found[*criteria].clone(), id, *expect)?),
        What::Delete { type_id, id, expect } => change(*type_id, id, Op::Delete, *expect),
        What::DeleteBy {
            type_id,
            criteria,
            expect,
        } => match &found[*criteria] {
            Some(stored) => change(*type_id, &stored.id, Op::Delete, *expect),
            None => Fate::Nothing,
        },
        What::Patch {
            type_id,
            patch,
            expect,
            ..
        } => {
            let stored = existing(*type_id, current.cloned())?;
            Fate::Change(patch::change(patch, stored, *expect)?)
        }
        What::PatchBy {
            type_id,
            criteria,
            patch,
            expect,
        } => {
            let stored = found[*criteria]
                .clone()
                .ok_or_else(|| patch::no_match(*type_id))?;
            Fate::Change(patch::change(patch, stored, *expect)?)
        }
        What::Look(_) => Fate::Later,
    })
}

/// A transaction may change each resource once, create each only once, and give each fullUrl to
/// one entry that writes.
/// <https://hl7.org/fhir/R4/http.html#trules>
pub fn distinct(plan: &Plan, fates: &[Fate]) -> Result<(), StoreError> {
    let mut seen: HashMap<(TypeId, &str), usize> = HashMap::new();
    let mut created: HashMap<usize, usize> = HashMap::new();
    let mut urls: HashMap<&str, usize> = HashMap::new();
    for (index, fate) in fates.iter().enumerate() {
        let Fate::Change(change) = fate else { continue };
        if let Some(url) = plan.steps[index].full_url.as_deref()
            && let Some(first) = urls.insert(url, index)
        {
            return Err(overlap(first, index));
        }
        if let Some(first) = seen.insert((change.type_id, &change.id), index) {
            return Err(overlap(first, index));
        }
        if let What::Create {
            unless: Some(criteria),
            ..
        } = plan.steps[index].what
            && let Some(first) = created.insert(criteria, index)
        {
            return Err(overlap(first, index));
        }
    }
    Ok(())
}

fn overlap(first: usize, second: usize) -> StoreError {
    let rule = format!(
        "This is the same resource, or has the same fullUrl, as {}; a transaction may change each only once",
        place(first)
    );
    ApiError::with(
        actix_web::http::StatusCode::BAD_REQUEST,
        vec![Issue::error(IssueCode::Duplicate, rule).at(place(second))],
    )
    .into()
}

/// From what entries call each other to where they will be.
pub fn links(plan: &Plan, fates: &[Fate]) -> HashMap<String, String> {
    let mut links = HashMap::new();
    for (step, fate) in plan.steps.iter().zip(fates) {
        let (Some(url), Some((type_id, id))) = (&step.full_url, fate.identity()) else {
            continue;
        };
        if step.method == Method::Delete {
            continue;
        }
        let local = format!("{}/{id}", type_id.name());
        // A created resource gets a new id: relative references to its old one follow too.
        if step.method == Method::Post
            && let Some(old) = relative(url, type_id)
        {
            links.insert(old, local.clone());
        }
        links.insert(url.clone(), local);
    }
    links
}

/// `Patient/1` of `http://there/Patient/1`.
fn relative(url: &str, type_id: TypeId) -> Option<String> {
    if !url.starts_with("http") {
        return None;
    }
    let (rest, id) = url.rsplit_once('/')?;
    rest.ends_with(&format!("/{}", type_id.name()))
        .then(|| format!("{}/{id}", type_id.name()))
}

/// Lets every resource to be written point to where its neighbours will be.
pub fn relink_all(fates: &mut [Fate], links: &HashMap<String, String>) {
    if links.is_empty() {
        return;
    }
    for fate in fates {
        if let Fate::Change(Change {
            op: Op::Put(resource),
            ..
        }) = fate
            && let Some(new) = relink(resource, &|link| links.get(link).cloned())
        {
            **resource = new;
        }
    }
}
