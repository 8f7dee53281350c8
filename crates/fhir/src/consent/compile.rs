//! A Consent as flat rules. <https://hl7.org/fhir/R4/consent.html#6.2.5>
use super::Rule;
use super::product::Scope;
use super::terms::{Reading, codings};
use crate::base::Bases;
use crate::search::index::parse_reference;
use crate::{Issue, IssueCode};
use serde_json::Value;

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
/// Policies that say which way a Consent goes as a whole, in v3's ActCode.
const PERMITTING: [&str; 2] = ["OPTIN", "OPTINR"];
const DENYING: [&str; 2] = ["OPTOUT", "OPTOUTE"];
/// Rules of one Consent, and how deep provisions may stand in each other.
const MOST: usize = 1_000;
const DEEPEST: usize = 16;

/// The rules, and what of the Consent could not be followed: there they deny more or permit less.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    pub rules: Vec<Rule>,
    pub issues: Vec<Issue>,
}

/// Nothing for a Consent that does not bind: not active, or not about privacy.
pub fn compile(consent: &Value, bases: &Bases) -> Compiled {
    let mut compiler = Compiler {
        bases,
        patient: String::new(),
        nodes: 0,
        done: Compiled::default(),
    };
    if binds(consent) {
        compiler.run(consent);
    }
    compiler.done
}

fn binds(consent: &Value) -> bool {
    let is_privacy = |coding: &&Value| coding["system"] == SCOPE && coding["code"] == "patient-privacy";
    consent["status"] == "active" && codings(&consent["scope"]).iter().any(is_privacy)
}

struct Compiler<'a> {
    bases: &'a Bases,
    patient: String,
    nodes: i16,
    done: Compiled,
}

/// What a provision stands in.
#[derive(Clone, Default)]
struct Place {
    scope: Scope,
    parent: Option<i16>,
    /// Something around it was not understood: what it permits does not count.
    unsure: bool,
    path: String,
    depth: usize,
}

impl Compiler<'_> {
    fn run(&mut self, consent: &Value) {
        let whose = consent["patient"]["reference"].as_str();
        let whose = whose.map(|text| self.bases.relative(text).unwrap_or(text));
        let Some((_, id)) = whose.and_then(parse_reference) else {
            return self.refuse("Consent.patient", NOBODYS);
        };
        self.patient = id.to_owned();
        let root = &consent["provision"];
        let effect = permits(root).or_else(|| by_policy(consent));
        if effect.is_none() && root["provision"].as_array().is_none_or(Vec::is_empty) {
            self.refuse("Consent.provision", NOTHING);
        }
        let unsure = !consent["modifierExtension"].is_null();
        if unsure {
            self.refuse("Consent.modifierExtension", CHANGED);
        }
        let place = Place {
            path: "Consent.provision".into(),
            unsure,
            ..Place::default()
        };
        self.provision(root, effect, &place);
    }

    fn refuse(&mut self, path: &str, text: &str) {
        let issue = Issue::error(IssueCode::NotSupported, text);
        self.done.issues.push(issue.at(path));
    }

    /// `effect` is None where a Consent leaves it to the provisions in it.
    fn provision(&mut self, provision: &Value, effect: Option<bool>, place: &Place) {
        let mut reading = Reading {
            bases: self.bases,
            permits: effect == Some(true),
            path: &place.path,
            issues: Vec::new(),
        };
        let terms = reading.terms(provision);
        if terms.elsewhere {
            return;
        }
        let (scope, exact) = place.scope.narrowed(terms);
        if !exact {
            reading.refuse(
                "",
                "conditions of a provision beside others of the same kind around it",
            );
        }
        let unsure = place.unsure || !reading.issues.is_empty();
        self.done.issues.append(&mut reading.issues);
        let mut within = Place {
            scope,
            unsure,
            ..place.clone()
        };
        if let Some(permits) = effect.filter(|permits| !permits || !unsure) {
            within.parent = Some(self.emit(permits, &within));
        }
        self.exceptions(provision, within);
    }

    fn exceptions(&mut self, provision: &Value, mut place: Place) {
        let nested = provision["provision"].as_array().into_iter().flatten();
        let path = std::mem::take(&mut place.path);
        place.depth += 1;
        for (at, exception) in nested.enumerate() {
            place.path = format!("{path}.provision[{at}]");
            let effect = permits(exception);
            if effect.is_none() {
                self.refuse(&format!("{}.type", place.path), UNTYPED);
            }
            if place.depth > DEEPEST {
                self.refuse(&place.path, TOO_MUCH);
                return self.deny_all();
            }
            self.provision(exception, Some(effect.unwrap_or(false)), &place);
        }
    }

    /// The number of the provision.
    fn emit(&mut self, permits: bool, place: &Place) -> i16 {
        let node = self.nodes;
        self.nodes = node.saturating_add(1);
        if self.done.rules.len() + place.scope.count() > MOST {
            self.refuse(&place.path, TOO_MUCH);
            self.deny_all();
            return node;
        }
        let rule = Rule {
            node,
            parent: place.parent,
            permits,
            ..self.anything()
        };
        self.done.rules.extend(place.scope.rules(&rule));
        node
    }

    /// In place of what is too much: a denial to which there are no exceptions.
    fn deny_all(&mut self) {
        let rule = Rule {
            node: i16::MAX,
            ..self.anything()
        };
        self.done
            .rules
            .retain(|known| !known.permits && known.node != i16::MAX);
        self.done.rules.truncate(MOST);
        self.done.rules.push(rule);
    }

    fn anything(&self) -> Rule {
        Rule {
            node: 0,
            parent: None,
            permits: false,
            patient: self.patient.clone(),
            from: i64::MIN,
            until: i64::MAX,
            actors: [None, None, None],
            purpose: None,
            class: None,
            code: None,
            data: None,
            label: None,
            within: None,
        }
    }
}

const NOBODYS: &str = "A Consent that is in force has to say which patient of this server it is of";
const NOTHING: &str = "The Consent neither permits nor denies: it needs a provision with a type, or OPTIN or OPTOUT as policyRule";
const CHANGED: &str =
    "This server cannot follow extensions that change the meaning of a Consent that is in force";
const UNTYPED: &str = "A provision within another has to say whether it permits or denies";
const TOO_MUCH: &str =
    "The Consent has too many combinations, or provisions too deep in each other; split it into several";

fn permits(provision: &Value) -> Option<bool> {
    match provision["type"].as_str()? {
        "permit" => Some(true),
        _ => Some(false),
    }
}

fn by_policy(consent: &Value) -> Option<bool> {
    let codes: Vec<&str> = codings(&consent["policyRule"])
        .iter()
        .filter_map(|coding| coding["code"].as_str())
        .collect();
    let has = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(code));
    match (has(&DENYING), has(&PERMITTING)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}
