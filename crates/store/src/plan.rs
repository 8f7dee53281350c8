//! Decides what one change does to one resource: pure, given the row that is there.
use crate::apply::Texts;
use crate::audit;
use crate::body::pack;
use crate::commit::{Applied, Context, Expect, Outcome};
use crate::error::Transient;
use crate::point::Current;
use crate::prepare::{Prepared, Put, stamp};
use crate::rows::{IndexRows, type_column};
use crate::write_sql::Version;
use crate::{StoreError, Stored};
use fhir::patient::concerned;
use fhir::registry::CustomParams;
use fhir::tree::Node;
use fhir::{ParamId, Resource};
use serde_json::Value;
use std::borrow::Cow;

/// The decision: what to write, if anything, and what to tell the caller.
pub(crate) struct Step<'a> {
    pub(crate) write: Option<Version<'a>>,
    pub(crate) outcome: Outcome,
    version: i64,
    updated: i64,
    /// The text that stays when nothing is written.
    kept: String,
}

pub(crate) fn plan<'a>(
    change: &'a Prepared,
    before: Option<&Current>,
    ctx: &'a Context,
    params: &CustomParams,
) -> Result<Step<'a>, StoreError> {
    audit::refuse_recorded(change.type_id, &change.id)?;
    check(change, before)?;
    match (&change.put, before) {
        (Some(put), None) => Ok(create(change, put, ctx)),
        (Some(put), Some(row)) => update(change, put, row, (ctx, params)),
        (None, Some(row)) if !row.stored.deleted => delete(change, row, (ctx, params)),
        (None, row) => {
            let (version, updated) = row.map_or((0, ctx.now), |row| (row.stored.version, row.stored.updated));
            Ok(Step::none(Outcome::Absent, version, updated, String::new()))
        }
    }
}

fn check(change: &Prepared, before: Option<&Current>) -> Result<(), StoreError> {
    let latest = before.map(|row| row.stored.version);
    if let Expect::Read(version) = change.expect
        && latest != Some(version)
    {
        let text = format!("{}/{} was written meanwhile", change.type_id.name(), change.id);
        return Err(StoreError::Transient(Transient::Race, text));
    }
    let current = before
        .filter(|row| !row.stored.deleted)
        .map(|row| row.stored.version);
    let holds = match change.expect {
        Expect::Any | Expect::Read(_) => true,
        Expect::Fresh | Expect::Absent => current.is_none(),
        Expect::Version(version) => current == Some(version),
    };
    match holds {
        true => Ok(()),
        false => Err(StoreError::Precondition {
            type_id: change.type_id,
            id: change.id.clone(),
            current,
        }),
    }
}

fn create<'a>(change: &'a Prepared, put: &'a Put, ctx: &'a Context) -> Step<'a> {
    let rows = Cow::Borrowed(&put.rows);
    let version = match put.first() {
        Some(first) => Version {
            packed: Cow::Borrowed(&first.packed),
            ..version(change, ctx, (0, 1, ctx.now), Cow::Borrowed(&first.text), rows)
        },
        None => {
            let body = put.stamped(&change.id, 1, ctx.now);
            packed(version(change, ctx, (0, 1, ctx.now), Cow::Owned(body), rows))
        }
    };
    Step::write(Outcome::Created, version)
}

fn update<'a>(
    change: &'a Prepared,
    put: &'a Put,
    row: &Current,
    (ctx, params): (&'a Context, &CustomParams),
) -> Result<Step<'a>, StoreError> {
    let old = &row.stored;
    if !old.deleted && put.stamped(&change.id, old.version, old.updated) == old.body {
        return Ok(unchanged(old));
    }
    let partial = |param| params.is_building(old.type_id, ParamId(param));
    let (remove, add) = indexed(old, params)?.diff(&put.rows, partial);
    if !old.deleted && remove.is_like(&add) && says_the_same(put.text(), &old.body) {
        return Ok(unchanged(old));
    }
    let (next, now) = successor(old, ctx);
    let body = put.stamped(&change.id, next, now);
    let write = version(
        change,
        ctx,
        (row.key, next, now),
        Cow::Owned(body),
        Cow::Owned(add),
    );
    let outcome = if old.deleted {
        Outcome::Created
    } else {
        Outcome::Updated
    };
    Ok(Step::write(outcome, packed(Version { remove, ..write })))
}

fn unchanged<'a>(old: &Stored) -> Step<'a> {
    Step::none(Outcome::Unchanged, old.version, old.updated, old.body.clone())
}

/// Written otherwise, yet nothing else: the version and time in `meta` are the server's.
fn says_the_same(new: &str, old: &str) -> bool {
    let bare = |text| {
        let mut tree = Node::parse(text).ok()?.into_owned();
        tree.remove("id");
        if let Some(meta) = tree.get_mut("meta") {
            meta.remove("versionId");
            meta.remove("lastUpdated");
            if meta.members().is_some_and(<[_]>::is_empty) {
                tree.remove("meta");
            }
        }
        Some(tree)
    };
    match (bare(new), bare(old)) {
        (Some(new), Some(old)) => new.says_the_same(&old),
        _ => false,
    }
}

fn delete<'a>(
    change: &'a Prepared,
    row: &Current,
    (ctx, params): (&'a Context, &CustomParams),
) -> Result<Step<'a>, StoreError> {
    let (next, now) = successor(&row.stored, ctx);
    let none = Cow::Owned(IndexRows::default());
    let by = Cow::Borrowed(ctx.actor.as_str());
    let patient = concerned(row.stored.type_id, &row.stored.id, &row.stored.body).map(Cow::Owned);
    let write = version(change, ctx, (row.key, next, now), by, none);
    let remove = indexed(&row.stored, params)?.passing();
    Ok(Step::write(
        Outcome::Deleted,
        packed(Version {
            remove,
            patient,
            deleted: true,
            ..write
        }),
    ))
}

/// Versions count up and their times never run backwards, whatever a clock did.
fn successor(old: &Stored, ctx: &Context) -> (i64, i64) {
    (old.version + 1, ctx.now.max(old.updated))
}

fn version<'a>(
    change: &'a Prepared,
    ctx: &'a Context,
    (key, version, updated): (i64, i64, i64),
    body: Cow<'a, str>,
    add: Cow<'a, IndexRows>,
) -> Version<'a> {
    let (type_id, id, remove) = (
        type_column(change.type_id),
        change.id.as_str(),
        IndexRows::default(),
    );
    Version {
        key,
        type_id,
        id,
        version,
        updated,
        deleted: false,
        body,
        packed: Cow::Borrowed(&[]),
        remove,
        add,
        patient: change
            .put
            .as_ref()
            .and_then(|put| Some(Cow::Borrowed(put.patient.as_deref()?))),
        ctx,
    }
}

fn packed(version: Version) -> Version {
    let packed = Cow::Owned(pack(&version.body));
    Version { packed, ..version }
}

/// The rows a stored version has, found as they were found when it was written.
pub(crate) fn indexed(version: &Stored, params: &CustomParams) -> Result<IndexRows, StoreError> {
    if version.deleted {
        return Ok(IndexRows::default());
    }
    match Resource::parse(version.body.as_bytes()) {
        Ok(resource) => Ok(IndexRows::all(&resource, params)),
        Err(_) => {
            let name = version.type_id.name();
            Err(StoreError::Database(format!(
                "{name}/{} is stored but cannot be read",
                version.id
            )))
        }
    }
}

impl<'a> Step<'a> {
    fn write(outcome: Outcome, version: Version<'a>) -> Step<'a> {
        let (number, updated) = (version.version, version.updated);
        Step {
            write: Some(version),
            outcome,
            version: number,
            updated,
            kept: String::new(),
        }
    }

    fn none(outcome: Outcome, version: i64, updated: i64, kept: String) -> Step<'a> {
        Step {
            write: None,
            outcome,
            version,
            updated,
            kept,
        }
    }

    /// Still without a row key.
    pub(crate) fn is_new(&self) -> bool {
        self.write.as_ref().is_some_and(|version| version.version == 1)
    }

    /// The parsed resource as it was stored.
    pub(crate) fn stamped(&self, id: &str, resource: &Value) -> Value {
        let mut resource = resource.clone();
        stamp(&mut resource, id, self.version, self.updated);
        resource
    }

    pub(crate) fn applied(self, change: &Prepared, texts: Texts) -> Applied {
        let deleted = self.write.as_ref().is_some_and(|version| version.deleted);
        let body = match self.write.map(|version| version.body) {
            None => self.kept,
            Some(_) if deleted => String::new(),
            Some(Cow::Borrowed(_)) if texts == Texts::Unwanted => String::new(),
            Some(body) => body.into_owned(),
        };
        Applied {
            type_id: change.type_id,
            id: change.id.clone(),
            version: self.version,
            updated: self.updated,
            outcome: self.outcome,
            body,
        }
    }
}
