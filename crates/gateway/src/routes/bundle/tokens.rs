//! Which of many criteria a resource fulfils, without trying each: criteria wait under the token
//! they ask for. Token criteria only: these are what identifies things.
use crate::routes::criteria::Criteria;
use fhir::registry::CustomParams;
use fhir::registry::{ParamId, SearchParam};
use fhir::search::index::{Entry, EntryValue, entries_of, entries_with, rows};
use fhir::search::{Filter, Query, Test, Token};
use fhir::{Resource, TypeId};
use std::collections::HashMap;

pub struct ByToken<'a> {
    criteria: &'a [Criteria],
    places: HashMap<(TypeId, ParamId, Key<'a>), Vec<usize>>,
    /// Parameters beyond R4's that are asked for.
    own: Vec<&'static SearchParam>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Code(&'a str),
    System(&'a str),
    /// Without a system: None.
    Both(Option<&'a str>, &'a str),
}

impl<'a> Key<'a> {
    fn of(token: &'a Token) -> Key<'a> {
        match token {
            Token::Code(code) => Key::Code(code),
            Token::SystemCode(system, code) => Key::Both(Some(system), code),
            Token::NoSystem(code) => Key::Both(None, code),
            Token::System(system) => Key::System(system),
        }
    }

    /// All under which a criterion may wait that this value fulfils.
    fn met_by(value: &'a EntryValue) -> Vec<Key<'a>> {
        let EntryValue::Token { system, code } = value else {
            return Vec::new();
        };
        let system = system.as_deref();
        let mut keys = vec![Key::Code(code), Key::Both(system, code)];
        keys.extend(system.map(Key::System));
        keys
    }
}

impl<'a> ByToken<'a> {
    pub fn new(criteria: &'a [Criteria], of: impl Iterator<Item = usize>) -> ByToken<'a> {
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        let mut own: Vec<&SearchParam> = Vec::new();
        for place in of {
            let query = &criteria[place].asked;
            let Some(Filter::Param {
                param,
                test: Test::Token(tokens),
            }) = query.filters.first()
            else {
                continue;
            };
            if param.custom.is_some() && own.iter().all(|known| known.id != param.id) {
                own.push(param);
            }
            for row in rows(param) {
                for token in tokens {
                    let waiting = places.entry((query.on, row, Key::of(token))).or_default();
                    waiting.push(place);
                }
            }
        }
        ByToken {
            criteria,
            places,
            own,
        }
    }

    /// The places of the criteria that would find the resource, each once.
    pub fn matching(&self, resource: &Resource) -> Vec<usize> {
        let bases = self.criteria.first().map(|one| one.query.bases.clone());
        let bases = bases.unwrap_or_default();
        let mut index = entries_with(resource, &CustomParams::default().under(bases.clone()));
        let own = self.own.iter().filter(|param| param.on == resource.type_id);
        index.extend(own.flat_map(|param| entries_of(&resource.value, param, &bases)));
        let mut met: Vec<usize> = index
            .iter()
            .flat_map(|entry| {
                let keys = Key::met_by(&entry.value).into_iter();
                keys.map(|key| (resource.type_id, entry.param, key))
            })
            .filter_map(|key| self.places.get(&key))
            .flatten()
            .copied()
            .filter(|place| holds(&self.criteria[*place].asked, &index))
            .collect();
        met.sort_unstable();
        met.dedup();
        met
    }

    pub fn asks_for(&self, type_id: TypeId) -> bool {
        self.places.keys().any(|(on, ..)| *on == type_id)
    }
}

fn holds(query: &Query, index: &[Entry]) -> bool {
    query.filters.iter().all(|filter| match filter {
        Filter::Param {
            param,
            test: Test::Token(tokens),
        } => index
            .iter()
            .filter(|entry| entry.param == param.id || param.same_as.contains(&entry.param))
            .any(|entry| {
                let met = Key::met_by(&entry.value);
                tokens.iter().any(|token| met.contains(&Key::of(token)))
            }),
        _ => false,
    })
}
