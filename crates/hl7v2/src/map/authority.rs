//! Who assigned a number (HD): OIDs and names to identifier systems.
//!
//! An OID is the same for every sender and wins over the name beside it; a name goes through the
//! sender's map first.
use super::scope::Scope;
use crate::codes::{Table, translate};
use crate::message::{Component, Field};
use crate::{Fault, Message, Place, Sender};

/// Namespace, universal id and its type.
pub(super) struct Authority {
    name: Option<String>,
    id: Option<String>,
    kind: Option<String>,
}

/// An identifier system and whether more than a local name stands behind it.
pub(super) struct System {
    pub uri: String,
    pub known: bool,
}

impl Authority {
    /// HD as subcomponents, in CX, XCN and PL.
    pub fn inner(component: Component<'_>) -> Authority {
        Authority {
            name: component.subcomponent(1),
            id: component.subcomponent(2),
            kind: component.subcomponent(3),
        }
    }

    /// HD as a field, in MSH and EVN.
    pub fn outer(field: Field<'_>) -> Authority {
        let text = |number| field.component(number).text();
        Authority {
            name: text(1),
            id: text(2),
            kind: text(3),
        }
    }

    pub fn system(&self, sender: &Sender) -> Option<System> {
        let by_id = self
            .id
            .as_deref()
            .and_then(|id| universal(id, self.kind.as_deref(), sender));
        by_id.or_else(|| self.name.as_deref().and_then(|name| named(name, sender)))
    }
}

fn universal(id: &str, kind: Option<&str>, sender: &Sender) -> Option<System> {
    let bare = id.strip_prefix("urn:oid:").unwrap_or(id);
    if is_oid(bare) {
        let uri = mapped(bare, sender).unwrap_or_else(|| format!("urn:oid:{bare}"));
        return Some(System { uri, known: true });
    }
    let uri = match kind.map(str::to_ascii_uppercase).as_deref() {
        _ if id.contains(char::is_whitespace) => return None,
        Some("UUID" | "GUID") => format!("urn:uuid:{}", id.to_ascii_lowercase()),
        _ if id.contains(':') => id.to_owned(),
        _ => return None,
    };
    Some(System {
        uri: mapped(id, sender).unwrap_or(uri),
        known: true,
    })
}

fn named(name: &str, sender: &Sender) -> Option<System> {
    if is_oid(name) {
        return universal(name, None, sender);
    }
    match mapped(name, sender) {
        Some(uri) => Some(System { uri, known: true }),
        None => Some(System {
            uri: local(name),
            known: false,
        }),
    }
}

/// The system of an authority known by its name alone.
pub(super) fn local(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    format!("urn:baton:authority:{}", words.join("%20"))
}

fn mapped(authority: &str, sender: &Sender) -> Option<String> {
    let own = sender.maps.authorities.get(authority).cloned();
    own.or_else(|| translate(Table::Authority, authority).map(|row| row.system.to_owned()))
}

fn is_oid(text: &str) -> bool {
    let arcs: Vec<&str> = text.split('.').collect();
    let arc = |arc: &&str| {
        !arc.is_empty()
            && arc.bytes().all(|b| b.is_ascii_digit())
            && (arc.len() == 1 || !arc.starts_with('0'))
    };
    arcs.len() > 2 && matches!(arcs[0], "0" | "1" | "2") && arcs.iter().all(arc)
}

/// The place of the event: scope of all numbers that name no authority.
#[derive(Clone, Debug)]
pub(super) struct Facility {
    pub system: String,
    pub name: Option<String>,
    pub npi: Option<String>,
}

impl Facility {
    /// EVN-7 when it names another facility than the registered one, as an exchange does.
    pub fn of(message: &Message, sender: &Sender, faults: &mut Vec<Fault>) -> Facility {
        let event = Authority::outer(message.field("EVN", 7));
        let own = event.name.as_deref() == Some(&sender.facility) && event.id.is_none();
        match event.system(sender).filter(|_| !own) {
            Some(System { uri, known }) => {
                if !known && !sender.maps.authorities.is_empty() {
                    let text =
                        "facility is not in the sender's authorities; add it with the system of its numbers";
                    faults.push(Fault::new("authority-unknown", Place::field("EVN", 7), text));
                }
                let same = sender.maps.identity.system.as_deref() == Some(&uri);
                let npi = sender.maps.identity.npi.clone().filter(|_| same);
                Facility {
                    system: uri,
                    name: event.name.clone(),
                    npi,
                }
            }
            None => Facility::registered(message, sender),
        }
    }

    fn registered(message: &Message, sender: &Sender) -> Facility {
        let identity = &sender.maps.identity;
        let header = Authority::outer(message.field("MSH", 4));
        let system = identity
            .system
            .clone()
            .or_else(|| header.system(sender).map(|system| system.uri));
        Facility {
            system: system.unwrap_or_else(|| local(&sender.name)),
            name: identity.display.clone().or(header.name),
            npi: identity.npi.clone(),
        }
    }
}

/// The system of a number, by its authority or else `default`; faults where that is a guess.
pub(super) fn system_of(
    scope: &mut Scope<'_>,
    authority: Component<'_>,
    default: Option<&String>,
    place: Place,
) -> String {
    match (Authority::inner(authority).system(scope.sender), default) {
        (Some(System { uri, known }), _) => {
            if !known && !scope.sender.maps.authorities.is_empty() {
                let text = "assigning authority is not in the sender's map; its name became the system";
                scope.fault("authority-unknown", place, text);
            }
            uri
        }
        (None, Some(system)) => system.clone(),
        (None, None) => {
            scope.fault(
                "authority-missing",
                place,
                "no assigning authority; the facility was taken",
            );
            scope.facility.system.clone()
        }
    }
}
