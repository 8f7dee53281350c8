//! Search parameters that a database adds to R4's. <https://hl7.org/fhir/R4/searchparameter.html>
//!
//! They belong to a store, not to the process: [`CustomParams`] is an immutable set under a
//! generation number, and a change makes another set. The parameters in it are interned and live
//! as long as the process, like those of the tables, so that whoever handles a parameter need not
//! ask where it came from; what is kept are the distinct definitions, of which there are few.
mod definition;
mod fit;

pub use definition::{Definition, problems, read};

use super::{ParamId, ParamKind, SearchParam, TypeId};
use crate::base::Bases;
use crate::path::Expr;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What a database knows beyond R4, at one moment.
#[derive(Debug, Default)]
pub struct CustomParams {
    /// Rises with every change of what is indexed or may be searched.
    pub generation: i64,
    by_type: HashMap<TypeId, Vec<Custom>>,
    /// Under which it is served; these have no generation, since they only grow.
    pub bases: Bases,
}

#[derive(Clone, Copy, Debug)]
pub struct Custom {
    pub param: &'static SearchParam,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Serving,
    /// Written with every change, but of what was stored before only part is indexed.
    Building {
        done: i64,
        total: i64,
    },
}

impl Default for &CustomParams {
    fn default() -> Self {
        CustomParams::none()
    }
}

impl CustomParams {
    pub fn new(generation: i64, params: impl IntoIterator<Item = Custom>) -> CustomParams {
        let mut by_type: HashMap<TypeId, Vec<Custom>> = HashMap::new();
        for custom in params {
            by_type.entry(custom.param.on).or_default().push(custom);
        }
        for all in by_type.values_mut() {
            all.sort_by_key(|custom| (custom.param.code, custom.param.id));
        }
        CustomParams {
            generation,
            by_type,
            bases: Bases::default(),
        }
    }

    pub fn under(self, bases: Bases) -> CustomParams {
        CustomParams { bases, ..self }
    }

    /// R4 alone.
    pub fn none() -> &'static CustomParams {
        static NONE: LazyLock<CustomParams> = LazyLock::new(CustomParams::default);
        &NONE
    }

    /// All of a type, by code; while a definition changes, its old and its new form.
    pub fn of(&self, on: TypeId) -> &[Custom] {
        match self.by_type.is_empty() {
            true => &[],
            false => self.by_type.get(&on).map_or(&[], Vec::as_slice),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Custom> {
        self.by_type.values().flatten()
    }

    /// Those that searches may use.
    pub fn serving(&self, on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
        let serving = |custom: &&Custom| custom.standing == Standing::Serving;
        self.of(on).iter().filter(serving).map(|custom| custom.param)
    }

    /// The parameter of that code: the one that serves rather than the one that is being built.
    pub fn find(&self, on: TypeId, code: &str) -> Option<Custom> {
        let named = self.of(on).iter().filter(|custom| custom.param.code == code);
        named
            .max_by_key(|custom| custom.standing == Standing::Serving)
            .copied()
    }

    /// Whose rows may be there only in part.
    pub fn is_building(&self, on: TypeId, id: ParamId) -> bool {
        let of = |custom: &&Custom| custom.param.id == id;
        self.of(on)
            .iter()
            .find(of)
            .is_some_and(|custom| custom.standing != Standing::Serving)
    }
}

/// The parameter of a definition under the id that the database gave it. None when the expression
/// no longer compiles, as after a downgrade.
pub fn interned(id: ParamId, definition: &Definition) -> Option<&'static SearchParam> {
    static KNOWN: LazyLock<Mutex<HashMap<(ParamId, Definition), &'static SearchParam>>> =
        LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (id, definition.clone());
    if let Some(param) = known.get(&key) {
        return Some(param);
    }
    let param: &'static SearchParam = Box::leak(Box::new(made(id, definition)?));
    known.insert(key, param);
    Some(param)
}

fn made(id: ParamId, definition: &Definition) -> Option<SearchParam> {
    let on = TypeId::of(&definition.on)?;
    let kind = ParamKind::named(&definition.kind)?;
    let path = Expr::compile(&definition.expression).ok()?;
    let leaked = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let targets = definition.targets.iter().filter_map(|name| TypeId::of(name));
    let components = definition.components.iter();
    Some(SearchParam {
        id,
        on,
        code: leaked(&definition.code),
        kind,
        url: leaked(&definition.url),
        expression: leaked(&definition.expression),
        targets: targets.collect(),
        components: components
            .map(|(code, path)| (leaked(code), leaked(path)))
            .collect(),
        same_as: Vec::new(),
        only_targets: Vec::new(),
        custom: Some(Box::new(path)),
    })
}

#[cfg(test)]
mod tests;
