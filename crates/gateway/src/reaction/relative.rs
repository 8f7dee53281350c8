//! Absolute references to our own bases mean what relative ones mean: changes are looked at with
//! all of them as `Type/id`. What is stored stays as it was written.
use fhir::base::{is_referred_to, make_relative};
use serde_json::Value;
use std::borrow::Cow;
use store::Changed;

/// For each change the resource as it is now, where it differs so.
pub(super) fn afters(changed: &[Changed]) -> Vec<Option<Value>> {
    changed
        .iter()
        .map(|change| change.after.filter(|after| is_referred_to(after)).map(relative))
        .collect()
}

/// `afters` from [`afters`].
pub(super) fn changed<'a>(changed: &'a [Changed<'a>], afters: &'a [Option<Value>]) -> Cow<'a, [Changed<'a>]> {
    let differs = |change: &Changed| change.before.as_ref().is_some_and(is_referred_to);
    if afters.iter().all(Option::is_none) && !changed.iter().any(differs) {
        return Cow::Borrowed(changed);
    }
    let one = |(change, after): (&'a Changed<'a>, &'a Option<Value>)| Changed {
        before: change.before.as_ref().map(relative),
        after: after.as_ref().or(change.after),
        ..*change
    };
    Cow::Owned(changed.iter().zip(afters).map(one).collect())
}

fn relative(resource: &Value) -> Value {
    let mut resource = resource.clone();
    make_relative(&mut resource);
    resource
}
