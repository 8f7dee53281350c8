//! What of a change can be worked out before a connection is needed: on the caller's thread,
//! where it costs nobody else time.
use crate::body::pack;
use crate::commit::{Change, Context, Expect, Op, Reaction};
use crate::integrity::Refers;
use crate::rows::IndexRows;
use crate::{consent, custom};
use fhir::patient::concerned;
use fhir::registry::CustomParams;
use fhir::{Resource, TypeId};
use serde_json::{Value, json};

/// A change with its index rows, lean enough to hold many at once: of a parsed resource only what
/// the commit needs is kept.
pub struct Prepared {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) expect: Expect,
    /// None is a delete.
    pub(crate) put: Option<Put>,
    /// Of the search parameters its rows were made by.
    generation: i64,
}

/// By what a change is prepared.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) reaction: &'a dyn Reaction,
    pub(crate) params: &'a CustomParams,
    /// Types whose references must lead somewhere.
    pub(crate) enforced: &'a [TypeId],
}

impl By<'_> {
    /// Whether something follows from changes of this type.
    pub(crate) fn watches(&self, type_id: TypeId) -> bool {
        self.reaction.watches(type_id) || custom::watches(type_id) || consent::watches(type_id)
    }
}

pub(crate) struct Put {
    text: Text,
    pub(crate) rows: IndexRows,
    /// Whom it concerns, for the audit row.
    pub(crate) patient: Option<String>,
    /// For the reaction, where it watches the type; stamped where the text is.
    pub(crate) value: Option<Value>,
    /// What it refers to, where that must be there.
    pub(crate) refers: Option<Refers>,
}

#[derive(Clone)]
enum Text {
    Sent(String),
    /// That of version 1, as nothing can be there yet.
    First(First),
}

#[derive(Clone)]
pub(crate) struct First {
    pub(crate) text: String,
    pub(crate) packed: Vec<u8>,
}

impl Prepared {
    pub(crate) fn of(change: Change, ctx: &Context, by: By) -> Prepared {
        let Change {
            type_id,
            id,
            op,
            expect,
        } = change;
        let put = match op {
            Op::Delete => None,
            Op::Put(resource) => {
                let fresh = expect == Expect::Fresh;
                Some(Put::of(*resource, (&id, fresh), ctx, by))
            }
        };
        Prepared {
            type_id,
            id,
            expect,
            put,
            generation: by.params.generation,
        }
    }

    /// Whether its rows are those that these parameters make.
    pub(crate) fn is_by(&self, params: &CustomParams) -> bool {
        self.generation == params.generation
    }

    /// The same change with the rows that these parameters make.
    pub(crate) fn again(&self, params: &CustomParams) -> Prepared {
        Prepared {
            type_id: self.type_id,
            id: self.id.clone(),
            expect: self.expect,
            put: self.put.as_ref().map(|put| put.again(params)),
            generation: params.generation,
        }
    }

    pub(crate) fn all(changes: Vec<Change>, ctx: &Context, by: By) -> Vec<Prepared> {
        changes
            .into_iter()
            .map(|change| Prepared::of(change, ctx, by))
            .collect()
    }

    pub fn type_id(&self) -> TypeId {
        self.type_id
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text of a put: as it came, or as version 1.
    pub(crate) fn text(&self) -> Option<&str> {
        self.put.as_ref().map(Put::text)
    }

    /// Bytes of text, roughly what the change takes in memory.
    pub(crate) fn size(&self) -> usize {
        self.put.as_ref().map_or(0, |put| match &put.text {
            Text::Sent(text) => text.len(),
            Text::First(first) => first.text.len() + first.packed.len(),
        })
    }
}

impl Put {
    /// What is `fresh` cannot be there yet.
    fn of(resource: Resource, (id, fresh): (&str, bool), ctx: &Context, by: By) -> Put {
        let watched = by.watches(resource.type_id);
        let rows = IndexRows::all(&resource, by.params);
        let refers = by
            .enforced
            .contains(&resource.type_id)
            .then(|| Refers::of(&resource, &by.params.bases));
        let patient = concerned(resource.type_id, id, &resource.text);
        let text = match fresh {
            true => {
                let text = resource.stamped(id, 1, &fhir::datetime::instant(ctx.now));
                let packed = pack(&text);
                Text::First(First { text, packed })
            }
            false => Text::Sent(resource.text),
        };
        let value = watched.then_some(resource.value).map(|mut value| {
            if fresh {
                stamp(&mut value, id, 1, ctx.now);
            }
            value
        });
        Put {
            text,
            rows,
            patient,
            value,
            refers,
        }
    }

    fn again(&self, params: &CustomParams) -> Put {
        let text = self.text();
        // What was parsed once is parsed again; without rows it would not be found.
        let rows = Resource::parse(text.as_bytes()).map_or_else(
            |_| self.rows.clone(),
            |resource| IndexRows::all(&resource, params),
        );
        Put {
            text: self.text.clone(),
            rows,
            patient: self.patient.clone(),
            value: self.value.clone(),
            refers: self.refers.clone(),
        }
    }

    /// Version 1, if it is known already.
    pub(crate) fn first(&self) -> Option<&First> {
        match &self.text {
            Text::First(first) => Some(first),
            Text::Sent(_) => None,
        }
    }

    /// As it came, or as version 1.
    pub(crate) fn text(&self) -> &str {
        match &self.text {
            Text::First(first) => &first.text,
            Text::Sent(text) => text,
        }
    }

    pub(crate) fn stamped(&self, id: &str, version: i64, updated: i64) -> String {
        fhir::resource::stamped(self.text(), id, version, &fhir::datetime::instant(updated))
    }
}

/// Makes a parsed resource look as it is stored.
pub(crate) fn stamp(resource: &mut Value, id: &str, version: i64, updated: i64) {
    resource["id"] = json!(id);
    if !resource["meta"].is_object() {
        resource["meta"] = json!({});
    }
    resource["meta"]["versionId"] = json!(version.to_string());
    resource["meta"]["lastUpdated"] = json!(fhir::datetime::instant(updated));
}
