//! What one provision asks for, read from JSON. <https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision>
use super::{Coded, label, purpose};
use crate::base::Bases;
use crate::datetime::parse_range;
use crate::search::index::parse_reference;
use crate::{Issue, IssueCode, TypeId};
use serde_json::Value;

const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
/// Of the actions, those that concern who sees what; the other is `correct`.
const SEEING: [&str; 4] = ["access", "collect", "disclose", "use"];
const CLASS: &str = "http://hl7.org/fhir/resource-types";
/// Roles of whoever gets the data, in v3's ParticipationType and RoleCode. Authors and custodians of
/// data are not followed.
const ROLES: [&str; 4] = ["DELEGATEE", "GRANTEE", "IRCP", "PRCP"];
/// Whom a token can stand for.
const ACTORS: [&str; 5] = [
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
];

/// Each a list of alternatives; None is anything, an empty list nothing.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    pub period: Option<(i64, i64)>,
    pub actors: Option<Vec<String>>,
    pub purposes: Option<Vec<&'static str>>,
    pub classes: Option<Vec<TypeId>>,
    pub codes: Option<Vec<Coded>>,
    pub data: Option<Vec<(TypeId, String)>>,
    pub labels: Option<Vec<Coded>>,
    pub within: Option<(i64, i64)>,
    /// Seeing is not among its actions.
    pub elsewhere: bool,
}

/// Reads a provision; what it cannot follow is an issue.
pub struct Reading<'a> {
    pub bases: &'a Bases,
    pub permits: bool,
    pub path: &'a str,
    pub issues: Vec<Issue>,
}

impl Reading<'_> {
    pub fn terms(&mut self, provision: &Value) -> Terms {
        if !provision["modifierExtension"].is_null() {
            self.refuse("modifierExtension", "extensions that change the meaning");
        }
        Terms {
            elsewhere: self.is_elsewhere(provision),
            period: self.period(provision, "period"),
            actors: self.each(provision, "actor", Self::actor),
            purposes: self.each(provision, "purpose", Self::purpose),
            classes: self.each(provision, "class", Self::class),
            codes: self.each(provision, "code", Self::code),
            data: self.each(provision, "data", Self::data),
            labels: self.each(provision, "securityLabel", Self::label),
            within: self.period(provision, "dataPeriod"),
        }
    }

    pub fn refuse(&mut self, member: &str, what: &str) {
        let text = format!(
            "This server cannot follow {what} in a Consent that is in force; say it with what it enforces, or leave it inactive"
        );
        let issue = Issue::error(IssueCode::NotSupported, text);
        self.issues.push(issue.at(format!("{}.{member}", self.path)));
    }

    /// The alternatives of all items; an item that is not understood makes none.
    fn each<T>(
        &mut self,
        provision: &Value,
        member: &str,
        read: fn(&mut Self, &Value) -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        let items = provision[member].as_array()?;
        let mut all = Vec::new();
        for item in items {
            all.extend(read(self, item)?);
        }
        Some(all)
    }

    fn is_elsewhere(&mut self, provision: &Value) -> bool {
        let Some(actions) = provision["action"].as_array() else {
            return false;
        };
        let codes: Vec<&Value> = actions.iter().flat_map(codings).collect();
        let known = |coding: &&&Value| coding["system"] == ACTION;
        let of = |coding: &&Value| coding["code"].as_str().unwrap_or_default().to_owned();
        let named: Vec<String> = codes.iter().filter(known).map(of).collect();
        let understood = |code: &String| code == "correct" || SEEING.contains(&code.as_str());
        if named.is_empty() || named.len() < codes.len() || !named.iter().all(understood) {
            self.refuse("action", "an action that is none of R4's");
            return false;
        }
        named.iter().all(|code| code == "correct")
    }

    fn period(&mut self, provision: &Value, member: &str) -> Option<(i64, i64)> {
        let period = provision.get(member)?;
        let end = |name: &str| period[name].as_str().map(parse_range);
        match (end("start"), end("end")) {
            (Some(None), _) | (_, Some(None)) => {
                self.refuse(member, "a period that is no period");
                None
            }
            (start, end) => Some((
                start.flatten().map_or(i64::MIN, |range| range.low),
                end.flatten().map_or(i64::MAX, |range| range.high),
            )),
        }
    }

    fn actor(&mut self, actor: &Value) -> Option<Vec<String>> {
        let is_recipient = |coding: &Value| coding["code"].as_str().is_some_and(|code| ROLES.contains(&code));
        if !codings(&actor["role"]).iter().any(|coding| is_recipient(coding)) {
            self.refuse("actor.role", "a role that is none of the recipient's");
            return None;
        }
        match self.local(&actor["reference"]) {
            Some((on, id)) if ACTORS.contains(&on.name()) => Some(vec![format!("{}/{id}", on.name())]),
            _ => {
                self.refuse("actor.reference", "an actor for whom no token can stand");
                None
            }
        }
    }

    fn local(&self, reference: &Value) -> Option<(TypeId, String)> {
        let text = reference["reference"].as_str()?;
        let text = self.bases.relative(text).unwrap_or(text);
        parse_reference(text).map(|(on, id)| (on, id.to_owned()))
    }

    fn purpose(&mut self, coding: &Value) -> Option<Vec<&'static str>> {
        let code = coding["code"].as_str().and_then(purpose::find);
        match code.filter(|_| coding["system"] == purpose::SYSTEM) {
            Some(code) => Some(purpose::parts(code)),
            None => {
                self.refuse("purpose", "a purpose that is none of v3's PurposeOfUse");
                None
            }
        }
    }

    fn class(&mut self, coding: &Value) -> Option<Vec<TypeId>> {
        let class = coding["code"].as_str().and_then(TypeId::of);
        match class.filter(|_| coding["system"] == CLASS) {
            Some(class) => Some(vec![class]),
            None => {
                self.refuse("class", "a class that is no resource type");
                None
            }
        }
    }

    fn code(&mut self, concept: &Value) -> Option<Vec<Coded>> {
        let coded = |coding: &&Value| Some(Coded::new(coding["system"].as_str(), coding["code"].as_str()?));
        let codes: Vec<Coded> = codings(concept).iter().filter_map(coded).collect();
        if codes.is_empty() {
            self.refuse("code", "a code in words alone");
            return None;
        }
        Some(codes)
    }

    fn data(&mut self, data: &Value) -> Option<Vec<(TypeId, String)>> {
        match self.local(&data["reference"]) {
            Some(found) if data["meaning"] == "instance" => Some(vec![found]),
            _ => {
                self.refuse(
                    "data",
                    "data other than single resources of this server (instance)",
                );
                None
            }
        }
    }

    fn label(&mut self, coding: &Value) -> Option<Vec<Coded>> {
        let (system, code) = (coding["system"].as_str(), coding["code"].as_str());
        let Some(code) = code else {
            self.refuse("securityLabel", "a label without a code");
            return None;
        };
        Some(match label::find(system, code) {
            None => vec![Coded::new(system, code)],
            Some(known) => label::named(known, self.permits)
                .into_iter()
                .map(|(system, code)| Coded::new(Some(system), code))
                .collect(),
        })
    }
}

pub fn codings(concept: &Value) -> Vec<&Value> {
    concept["coding"].as_array().into_iter().flatten().collect()
}
