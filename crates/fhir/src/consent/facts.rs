//! What rules ask of a resource: the same that its index rows say.
use super::Coded;
use super::label::scale;
use crate::TypeId;
use crate::registry::{ParamKind, SearchParam, registry};
use crate::search::holds::Subject;
use crate::search::index::{EntryValue, entries_of, usual};
use crate::search::reach::patients;
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub on: TypeId,
    pub id: String,
    /// Whose it is.
    pub patients: BTreeSet<String>,
    pub labels: BTreeSet<Coded>,
    pub codes: BTreeSet<Coded>,
    pub dates: Vec<(i64, i64)>,
}

impl Facts {
    pub fn of(subject: Subject) -> Facts {
        let values = |param: &'static SearchParam| {
            let entries = entries_of(subject.resource, param, subject.bases).into_iter();
            entries.map(|entry| entry.value)
        };
        let coded = |value: EntryValue| match value {
            EntryValue::Token { system, code } if !code.is_empty() => {
                Some(Coded::new(system.as_deref(), &code))
            }
            _ => None,
        };
        let date = |value: EntryValue| match value {
            EntryValue::Date { low, high } => Some((low, high)),
            _ => None,
        };
        Facts {
            on: subject.on,
            id: subject.id.to_owned(),
            patients: patients(subject),
            labels: label_param(subject.on)
                .into_iter()
                .flat_map(values)
                .filter_map(coded)
                .collect(),
            codes: code_params(subject.on)
                .flat_map(values)
                .filter_map(coded)
                .collect(),
            dates: date_params(subject.on)
                .flat_map(values)
                .filter_map(date)
                .collect(),
        }
    }

    /// The empty code stands for having no confidentiality.
    pub fn bears(&self, label: &Coded) -> bool {
        match label.code.is_empty() {
            true => !scale()
                .map(|degree| Coded::new(Some(degree.system), degree.code))
                .any(|degree| self.labels.contains(&degree)),
            false => self.labels.iter().any(|one| label.names(one)),
        }
    }
}

/// The parameters whose values a rule's `code` is looked for in.
pub fn code_params(on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
    let own = own(on, ParamKind::Token);
    own.filter(|param| param.code != "identifier" && usual(param).is_none())
}

/// Those that tell when what a resource is about was.
pub fn date_params(on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
    own(on, ParamKind::Date)
}

/// All that [`Facts::of`] asks but whose a resource is.
pub fn params(on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
    label_param(on)
        .into_iter()
        .chain(code_params(on))
        .chain(date_params(on))
}

/// Those of all types begin with an underscore.
fn own(on: TypeId, kind: ParamKind) -> impl Iterator<Item = &'static SearchParam> {
    let all = registry().params(on).iter();
    all.filter(move |param| param.kind == kind && !param.code.starts_with('_'))
}

pub fn label_param(on: TypeId) -> Option<&'static SearchParam> {
    registry().param(on, "_security")
}
