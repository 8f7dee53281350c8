//! Absolute references to our own bases mean what relative ones mean: changes are looked at with
//! all of them as `Type/id`. What is stored stays as it was written.
use fhir::base::Bases;
use serde_json::Value;
use std::borrow::Cow;
use store::Changed;

/// For each change the resource as it is now, where it differs so.
pub(super) fn afters(changed: &[Changed], bases: &Bases) -> Vec<Option<Value>> {
    changed
        .iter()
        .map(|change| change.after.filter(|after| bases.are_referred_to(after)))
        .map(|after| after.map(|after| relative(after, bases)))
        .collect()
}

/// `afters` from [`afters`].
pub(super) fn changed<'a>(
    changed: &'a [Changed<'a>],
    afters: &'a [Option<Value>],
    bases: &Bases,
) -> Cow<'a, [Changed<'a>]> {
    let differs = |change: &Changed| {
        change
            .before
            .as_ref()
            .is_some_and(|before| bases.are_referred_to(before))
    };
    if afters.iter().all(Option::is_none) && !changed.iter().any(differs) {
        return Cow::Borrowed(changed);
    }
    let one = |(change, after): (&'a Changed<'a>, &'a Option<Value>)| Changed {
        before: change.before.as_ref().map(|before| relative(before, bases)),
        after: after.as_ref().or(change.after),
        ..*change
    };
    Cow::Owned(changed.iter().zip(afters).map(one).collect())
}

fn relative(resource: &Value, bases: &Bases) -> Value {
    let mut resource = resource.clone();
    bases.make_relative(&mut resource);
    resource
}
