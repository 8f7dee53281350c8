//! Which resource each entry turns out to be about, and so what links between entries mean.
use super::plan::{Plan, Step};
use super::what::What;
use crate::error::ApiError;
use fhir::bundle::{Links, Method, Place, place};
use fhir::{Issue, IssueCode, TypeId};
use std::collections::{BTreeMap, HashMap};
use store::{StoreError, Stored};

/// At most one resource per criteria.
pub type Found = BTreeMap<usize, Option<Stored>>;

pub fn found(found: &Found, criteria: usize) -> Option<&Stored> {
    found.get(&criteria).and_then(Option::as_ref)
}

/// The resource that an entry is about, if it is about one.
pub struct Identity<'a> {
    pub type_id: TypeId,
    pub id: &'a str,
    /// The version after the transaction, where it is known before.
    pub version: Option<i64>,
    /// A conditional create that found its resource changes nothing.
    pub changes: bool,
}

pub fn identity<'a>(step: &'a Step, known: &'a Found) -> Option<Identity<'a>> {
    let of = |type_id: TypeId, id, version, changes| {
        Some(Identity {
            type_id,
            id,
            version,
            changes,
        })
    };
    match &step.what {
        What::Create { type_id, id, unless } => match unless.and_then(|place| found(known, place)) {
            Some(stored) => of(*type_id, stored.id.as_str(), Some(stored.version), false),
            None => of(*type_id, id, Some(1), true),
        },
        What::Update { type_id, id, .. }
        | What::Delete { type_id, id, .. }
        | What::Patch { type_id, id, .. } => of(*type_id, id, None, true),
        What::UpdateBy {
            type_id,
            id,
            criteria,
            ..
        } => {
            let id = found(known, *criteria).map_or(id, |stored| &stored.id);
            of(*type_id, id, None, true)
        }
        What::DeleteBy {
            type_id, criteria, ..
        }
        | What::PatchBy {
            type_id, criteria, ..
        } => of(*type_id, &found(known, *criteria)?.id, None, true),
        What::Look(_) => None,
    }
}

/// A transaction may change each resource once, create each only once, and give each fullUrl to
/// one entry that writes.
/// <https://hl7.org/fhir/R4/http.html#trules>
pub fn distinct(plan: &Plan, known: &Found) -> Result<(), StoreError> {
    let mut seen: HashMap<(TypeId, &str), usize> = HashMap::new();
    let mut created: HashMap<usize, usize> = HashMap::new();
    let mut urls: HashMap<&str, usize> = HashMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(identity) = identity(step, known).filter(|identity| identity.changes) else {
            continue;
        };
        if let Some(url) = step.full_url.as_deref()
            && let Some(first) = urls.insert(url, index)
        {
            return Err(overlap(first, index));
        }
        if let Some(first) = seen.insert((identity.type_id, identity.id), index) {
            return Err(overlap(first, index));
        }
        if let What::Create {
            unless: Some(criteria),
            ..
        } = step.what
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
pub fn links(plan: &Plan, known: &Found) -> Links {
    let mut links = Links::default();
    for step in plan.steps.iter().filter(|step| step.method != Method::Delete) {
        let (Some(url), Some(identity)) = (&step.full_url, identity(step, known)) else {
            continue;
        };
        let place = Place {
            local: format!("{}/{}", identity.type_id.name(), identity.id),
            version: identity.version,
        };
        // A created resource gets a new id: relative references to its old one follow too.
        if step.method == Method::Post
            && let Some(old) = relative(url, identity.type_id)
        {
            links.insert(old, place.clone());
        }
        links.insert(url.clone(), place);
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
