//! The key of a stay: visit number within facility. Events that share it tell of one Encounter.
use super::authority::system_of;
use super::identifier::cx;
use super::scope::Scope;
use crate::{Place, message::Field};
use fhir::event::{Key, Trigger};

/// PV1-19, or where the sender is registered to keep the visit number.
pub(super) fn key(scope: &mut Scope<'_>) -> Option<Key> {
    let (segment, number) = scope.sender.maps.visit_number.place();
    let place = Place::field(segment, number);
    let key = visit(scope, scope.message.field(segment, number), place.clone());
    if key.is_none() {
        let text = "no visit number; only what the message says of the person was used";
        scope.fault("visit-number-missing", place, text);
    }
    key
}

/// MRG-5: the outpatient visit that an admission continues, or the other way round.
pub(super) fn prior(scope: &mut Scope<'_>, trigger: Trigger) -> Option<Key> {
    let changes = matches!(trigger, Trigger::ToInpatient | Trigger::ToOutpatient);
    let field = scope.message.field("MRG", 5);
    if changes {
        visit(scope, field, Place::field("MRG", 5))
    } else {
        None
    }
}

fn visit(scope: &mut Scope<'_>, field: Field<'_>, place: Place) -> Option<Key> {
    let value = field.text()?;
    let default = scope
        .sender
        .maps
        .visit_authority
        .clone()
        .unwrap_or_else(|| scope.facility.system.clone());
    let place = Place {
        component: 4,
        ..place
    };
    let system = system_of(scope, field.component(4), Some(&default), place);
    Some(Key { system, value })
}

/// The visit number and its alternate as `Encounter.identifier`.
pub(super) fn identifiers(scope: &mut Scope<'_>, stay: &Key) -> Vec<serde_json::Value> {
    let number = super::identifier::plain(&stay.system, &stay.value, Some("VN"));
    let default = Some(stay.system.clone());
    let other = scope.message.field("PV1", 50).rep(0);
    let other = cx(scope, other, default.as_ref(), Place::field("PV1", 50));
    let other = other.filter(|other| other.key != number.key);
    [Some(number), other]
        .into_iter()
        .flatten()
        .map(|identifier| identifier.json.into())
        .collect()
}
