//! The `?query` of a scope: which resources of a type it is about.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters>
//!
//! Only what a resource says of itself may be asked: such a condition holds or does not, whatever
//! else is stored, so it can be asked of an old version and of a resource about to be written.
use crate::routes::query::pairs;
use fhir::TypeId;
use fhir::registry::registry;
use fhir::search::parse::parse_filter;
use fhir::search::{Filter, Test};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct Narrowing {
    /// As it was written.
    pub text: String,
    conditions: BTreeSet<(String, String)>,
    by_type: Vec<(TypeId, Vec<Filter>)>,
}

impl PartialEq for Narrowing {
    fn eq(&self, other: &Narrowing) -> bool {
        self.conditions == other.conditions
    }
}

impl Eq for Narrowing {}

impl Narrowing {
    /// The error completes the sentence "scope … ".
    pub fn parse(on: Option<TypeId>, text: &str) -> Result<Narrowing, String> {
        let conditions = pairs(text).map_err(|_| "has a query that is not percent-encoded UTF-8")?;
        if conditions.is_empty() {
            return Err("has an empty query; leave out the question mark".into());
        }
        let types = on.map_or_else(|| registry().types().to_vec(), |on| vec![on]);
        let by_type = types
            .into_iter()
            .map(|on| filters(on, &conditions).map(|filters| (on, filters)))
            .collect::<Result<_, _>>()?;
        Ok(Narrowing {
            text: text.to_owned(),
            conditions: conditions.into_iter().collect(),
            by_type,
        })
    }

    /// All must hold.
    pub fn filters(&self, on: TypeId) -> &[Filter] {
        let of_type = self.by_type.iter().find(|(of, _)| *of == on);
        of_type.map_or(&[], |(_, filters)| filters)
    }

    /// Whether everything it leaves is left by the other too: conditions only add up.
    pub fn within(&self, wider: &Narrowing) -> bool {
        wider.conditions.is_subset(&self.conditions)
    }
}

fn filters(on: TypeId, conditions: &[(String, String)]) -> Result<Vec<Filter>, String> {
    conditions
        .iter()
        .map(|(name, value)| filter(on, name, value))
        .collect()
}

/// References in it are relative, so the base does not matter.
fn filter(on: TypeId, name: &str, value: &str) -> Result<Filter, String> {
    if value.is_empty() || value.contains('\0') {
        return Err("has a query with a parameter that has no proper value".into());
    }
    match parse_filter(on, name, value, "") {
        Ok(filter) if of_itself(&filter) => Ok(filter),
        Ok(_) => Err(format!(
            "has a query by `{}`, which other resources or a look into the text would decide; \
             a scope takes plain parameters of the resource itself",
            code(name)
        )),
        Err(_) => Err(format!(
            "has a query by `{}` that is no search parameter of {} or has a value it does not take",
            code(name),
            on.name()
        )),
    }
}

/// A name as far as it may be repeated: no values are in it.
fn code(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(64).collect()
}

/// Whether the resource's own index entries decide.
fn of_itself(filter: &Filter) -> bool {
    match filter {
        Filter::Param { test, .. } => !matches!(test, Test::Near(_)),
        Filter::Id(_) | Filter::LastUpdated(_) | Filter::Missing { .. } | Filter::Nothing => true,
        Filter::Not(inner) => of_itself(inner),
        Filter::Or(parts) | Filter::And(parts) => parts.iter().all(of_itself),
        Filter::Chain { .. }
        | Filter::Has { .. }
        | Filter::Checked(_)
        | Filter::Terminology { .. }
        | Filter::OfPatients(_)
        | Filter::Shown(_) => false,
    }
}
