//! A registered source of messages: what has to be known about it to understand what it says.
//!
//! Everything has a default that fits a hospital following the standard's suggested tables;
//! `Maps` is what `baton sender add --map FILE` reads.
//!
//! Two senders that report the same stay must name it alike. They do by themselves when PV1-19.4
//! carries an OID, which wins over any name. Where it carries a local name, `authorities` gives
//! both senders the same system for it; where it is empty, `visit_authority` does.
use crate::Message;
use crate::codes::{Table, target};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sender {
    pub name: String,
    /// MSH-3.1
    pub application: String,
    /// MSH-4.1
    pub facility: String,
    /// Of times without an offset.
    pub timezone: Zone,
    #[serde(default)]
    pub maps: Maps,
}

/// The part of a sender that a file describes. Empty means standard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maps {
    /// The MSH-11 this sender is accepted with: `P`, or `T`/`D` on a sandbox.
    pub processing: String,
    /// Who the facility is, when EVN-7 does not say otherwise.
    pub identity: Identity,
    /// PV1-2 to a code of v3-ActCode, such as `OBS = "OBSENC"`.
    pub classes: BTreeMap<String, String>,
    /// PV1-36 to a two-digit NUBC code, such as `HHC = "06"`.
    pub dispositions: BTreeMap<String, String>,
    /// Assigning authority (OID or name) to identifier system. When any is listed, names that are
    /// not are reported.
    pub authorities: BTreeMap<String, String>,
    /// Systems of the identifier a patient is known by, the best first.
    pub patient_authorities: Vec<String>,
    /// System of patient identifiers that name no authority.
    pub patient_authority: Option<String>,
    /// System of visit numbers that name no authority.
    pub visit_authority: Option<String>,
    /// Where this sender puts the number of the visit.
    pub visit_number: VisitNumber,
}

impl Default for Maps {
    fn default() -> Self {
        Maps {
            processing: "P".into(),
            identity: Identity::default(),
            classes: BTreeMap::new(),
            dispositions: BTreeMap::new(),
            authorities: BTreeMap::new(),
            patient_authorities: Vec::new(),
            patient_authority: None,
            visit_authority: None,
            visit_number: VisitNumber::default(),
        }
    }
}

/// The sending facility as the rest of the world knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Scope of numbers given without an authority: `urn:oid:…` of the facility. Default: from MSH-4.
    pub system: Option<String>,
    /// National Provider Identifier.
    pub npi: Option<String>,
    pub display: Option<String>,
}

/// PID-18 holds the visit number where registration calls it an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VisitNumber {
    #[default]
    #[serde(rename = "PV1-19")]
    Visit,
    #[serde(rename = "PV1-50")]
    Alternate,
    #[serde(rename = "PID-18")]
    Account,
}

impl VisitNumber {
    pub(crate) fn place(self) -> (&'static str, usize) {
        match self {
            VisitNumber::Visit => ("PV1", 19),
            VisitNumber::Alternate => ("PV1", 50),
            VisitNumber::Account => ("PID", 18),
        }
    }
}

impl Sender {
    /// A sender that follows the standard.
    pub fn new(name: &str, application: &str, facility: &str, timezone: Zone) -> Sender {
        let owned = str::to_owned;
        Sender {
            name: owned(name),
            application: owned(application),
            facility: owned(facility),
            timezone,
            maps: Maps::default(),
        }
    }

    /// MSH-3.1 and MSH-4.1: what a sender is looked up by.
    pub fn key_of(message: &Message) -> (String, String) {
        let text = |field| message.field("MSH", field).text().unwrap_or_default();
        (text(3), text(4))
    }
}

impl Maps {
    /// What is wrong with a map file, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let unknown_class = |(from, to): (&String, &String)| {
            let known = target(Table::Class, to).is_some();
            (!known).then(|| format!("classes.{from}: {to} is no encounter class of v3-ActCode"))
        };
        let bad_disposition = |(from, to): (&String, &String)| {
            let known = target(Table::Disposition, to).is_some();
            (!known).then(|| format!("dispositions.{from}: {to} is no two-digit NUBC discharge status"))
        };
        let systems = self.systems().filter(|(_, system)| !system.contains(':'));
        let bare =
            systems.map(|(at, _)| format!("{at}: an identifier system is a URI, such as urn:oid:1.2.3"));
        let classes = self.classes.iter().filter_map(unknown_class);
        let dispositions = self.dispositions.iter().filter_map(bad_disposition);
        let processing = (!matches!(self.processing.as_str(), "P" | "T" | "D"))
            .then(|| "processing: one of P (production), T (training), D (debugging)".to_owned());
        classes
            .chain(dispositions)
            .chain(bare)
            .chain(processing)
            .collect()
    }

    /// Every identifier system of the file and where it stands.
    fn systems(&self) -> impl Iterator<Item = (String, &String)> {
        let named = self
            .authorities
            .iter()
            .map(|(from, system)| (format!("authorities.{from}"), system));
        let preferred = self
            .patient_authorities
            .iter()
            .map(|system| ("patient_authorities".to_owned(), system));
        let single = [
            ("patient_authority", &self.patient_authority),
            ("visit_authority", &self.visit_authority),
            ("identity.system", &self.identity.system),
        ];
        let single = single
            .into_iter()
            .filter_map(|(at, system)| Some((at.to_owned(), system.as_ref()?)));
        named.chain(preferred).chain(single)
    }
}

/// An IANA time zone, written by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl std::str::FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Zone, String> {
        let unknown = |_| format!("{name} is no IANA time zone, such as America/New_York");
        name.parse().map(Zone).map_err(unknown)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
