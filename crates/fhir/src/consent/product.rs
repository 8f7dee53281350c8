//! The terms of a provision together with those of all that it stands in, and their combinations.
use super::label::CONFIDENTIALITY;
use super::terms::Terms;
use super::{Coded, Rule, purpose};
use crate::TypeId;
use crate::search::index::hash;

/// Actors that must be met together.
const MOST_ACTORS: usize = 3;

#[derive(Clone, Debug)]
pub struct Scope {
    period: (i64, i64),
    /// One of each list.
    actors: Vec<Vec<String>>,
    purposes: Option<Vec<&'static str>>,
    classes: Option<Vec<TypeId>>,
    codes: Option<Vec<Coded>>,
    data: Option<Vec<(TypeId, String)>>,
    labels: Option<Vec<Coded>>,
    within: Option<(i64, i64)>,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            period: (i64::MIN, i64::MAX),
            actors: Vec::new(),
            purposes: None,
            classes: None,
            codes: None,
            data: None,
            labels: None,
            within: None,
        }
    }
}

impl Scope {
    /// Narrowed by the terms of a provision in it. Whether that could be said exactly; a part that
    /// could not stays as wide as it was.
    pub fn narrowed(&self, terms: Terms) -> (Scope, bool) {
        let mut scope = self.clone();
        let (from, until) = terms.period.unwrap_or(scope.period);
        scope.period = (scope.period.0.max(from), scope.period.1.min(until));
        scope.purposes = common(scope.purposes, terms.purposes);
        scope.classes = common(scope.classes, terms.classes);
        scope.data = common(scope.data, terms.data);
        let exact = [
            scope.add_actors(terms.actors),
            borne(&mut scope.codes, terms.codes, false),
            borne(&mut scope.labels, terms.labels, true),
            scope.add_dates(terms.within),
        ];
        (scope, exact.into_iter().all(|one| one))
    }

    fn add_actors(&mut self, actors: Option<Vec<String>>) -> bool {
        let Some(actors) = actors else { return true };
        let wider = |known: &&mut Vec<String>| actors.iter().all(|actor| known.contains(actor));
        if let Some(known) = self.actors.iter_mut().find(wider) {
            *known = actors;
            return true;
        }
        let fits = self.actors.len() < MOST_ACTORS;
        if fits {
            self.actors.push(actors);
        }
        fits
    }

    fn add_dates(&mut self, within: Option<(i64, i64)>) -> bool {
        match (self.within, within) {
            (_, None) => true,
            (None, dates) => {
                self.within = dates;
                true
            }
            (known, dates) => known == dates,
        }
    }

    /// A rule for each combination.
    pub fn rules(&self, rule: &Rule) -> Vec<Rule> {
        if self.period.0 > self.period.1 {
            return Vec::new();
        }
        let mut rules = vec![Rule {
            from: self.period.0,
            until: self.period.1,
            within: self.within,
            ..rule.clone()
        }];
        for (at, actors) in self.actors.iter().enumerate() {
            rules = times(rules, Some(actors), |rule, actor| {
                rule.actors[at] = Some(actor.clone())
            });
        }
        let tops = self.purposes.as_ref().map(|all| purpose::tops(all));
        rules = times(rules, tops.as_ref(), |rule, code| rule.purpose = Some(code));
        rules = times(rules, self.of_classes().as_ref(), |rule, (on, id)| {
            rule.class = Some(*on);
            rule.data.clone_from(id);
        });
        rules = times(rules, self.codes.as_ref(), |rule, code| {
            rule.code = Some(code.clone());
        });
        times(rules, self.labels.as_ref(), |rule, label| {
            rule.label = Some(label.clone());
        })
    }

    /// How many that are, before they are made.
    pub fn count(&self) -> usize {
        let count = |list: Option<usize>| list.unwrap_or(1);
        let others = [
            count(self.purposes.as_ref().map(|all| purpose::tops(all).len())),
            count(self.of_classes().map(|all| all.len())),
            count(self.codes.as_ref().map(Vec::len)),
            count(self.labels.as_ref().map(Vec::len)),
        ];
        let actors = self.actors.iter().map(Vec::len);
        actors.chain(others).fold(1, usize::saturating_mul)
    }

    /// Classes, or single resources of them.
    fn of_classes(&self) -> Option<Vec<(TypeId, Option<String>)>> {
        let allowed = |on: &TypeId| self.classes.as_ref().is_none_or(|classes| classes.contains(on));
        match (&self.data, &self.classes) {
            (Some(data), _) => {
                let data = data.iter().filter(|(on, _)| allowed(on));
                Some(data.map(|(on, id)| (*on, Some(id.clone()))).collect())
            }
            (None, classes) => Some(classes.as_ref()?.iter().map(|on| (*on, None)).collect()),
        }
    }
}

fn times<T>(rules: Vec<Rule>, items: Option<&Vec<T>>, set: impl Fn(&mut Rule, &T)) -> Vec<Rule> {
    let Some(items) = items else { return rules };
    let mut all = Vec::with_capacity(rules.len() * items.len());
    for rule in rules {
        for item in items {
            let mut with = rule.clone();
            set(&mut with, item);
            all.push(with);
        }
    }
    all
}

/// Of what a resource has one of.
fn common<T: PartialEq>(known: Option<Vec<T>>, new: Option<Vec<T>>) -> Option<Vec<T>> {
    match (known, new) {
        (Some(known), Some(mut new)) => {
            new.retain(|item| known.contains(item));
            Some(new)
        }
        (known, new) => known.or(new),
    }
}

/// Of what a resource may have several of: one of each list is said by one list only where one of
/// them is part of the other. Of confidentiality a resource has one, if `labels`.
fn borne(known: &mut Option<Vec<Coded>>, new: Option<Vec<Coded>>, labels: bool) -> bool {
    let (Some(old), Some(new)) = (known.as_ref(), &new) else {
        *known = known.take().or(new);
        return true;
    };
    let shared: Vec<Coded> = new.iter().filter(|item| old.contains(item)).cloned().collect();
    let scale = |list: &[Coded]| list.iter().all(|item| item.system == hash(Some(CONFIDENTIALITY)));
    let exact =
        shared.len() == new.len() || shared.len() == old.len() || (labels && scale(old) && scale(new));
    if exact {
        *known = Some(shared);
    }
    exact
}
