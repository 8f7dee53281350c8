//! A rule as a row of `consent_rule`.
use crate::rows::{storable, type_column};
use crate::schema::consent_rule;
use diesel::prelude::*;
use fhir::TypeId;
use fhir::consent::decide::Held;
use fhir::consent::{Coded, Rule, purpose};

/// In the column `parent`: no exception to anything.
const NONE: i16 = -1;

#[derive(Debug, Queryable, Insertable)]
#[diesel(table_name = consent_rule, treat_none_as_default_value = false)]
pub(super) struct RuleRow {
    consent: String,
    nth: i16,
    node: i16,
    parent: i16,
    permits: bool,
    patient: String,
    since: i64,
    until: i64,
    actor: Option<String>,
    actor_2: Option<String>,
    actor_3: Option<String>,
    purpose: Option<String>,
    class: Option<i16>,
    code: Option<String>,
    code_system: Option<i64>,
    data: Option<String>,
    label: Option<String>,
    label_system: Option<i64>,
    low: Option<i64>,
    high: Option<i64>,
}

impl RuleRow {
    pub(super) fn of(consent: &str, nth: i16, rule: &Rule) -> RuleRow {
        let code = |coded: &Option<Coded>| coded.as_ref().map(|coded| storable(coded.code.clone()));
        let system = |coded: &Option<Coded>| coded.as_ref().map(|coded| coded.system);
        let [actor, actor_2, actor_3] = rule.actors.clone();
        RuleRow {
            consent: consent.to_owned(),
            nth,
            node: rule.node,
            parent: rule.parent.unwrap_or(NONE),
            permits: rule.permits,
            patient: rule.patient.clone(),
            since: rule.from,
            until: rule.until,
            actor,
            actor_2,
            actor_3,
            purpose: rule.purpose.map(str::to_owned),
            class: rule.class.map(type_column),
            code: code(&rule.code),
            code_system: system(&rule.code),
            data: rule.data.clone(),
            label: code(&rule.label),
            label_system: system(&rule.label),
            low: rule.within.map(|(low, _)| low),
            high: rule.within.map(|(_, high)| high),
        }
    }

    pub(super) fn held(self) -> Held {
        let coded = |code: Option<String>, system: Option<i64>| {
            let (code, system) = code.zip(system)?;
            Some(Coded { code, system })
        };
        let rule = Rule {
            node: self.node,
            parent: (self.parent != NONE).then_some(self.parent),
            permits: self.permits,
            patient: self.patient,
            from: self.since,
            until: self.until,
            actors: [self.actor, self.actor_2, self.actor_3],
            purpose: self.purpose.as_deref().and_then(purpose::find),
            class: self.class.and_then(|class| u16::try_from(class).ok()).map(TypeId),
            code: coded(self.code, self.code_system),
            data: self.data,
            label: coded(self.label, self.label_system),
            within: self.low.zip(self.high),
        };
        Held {
            consent: self.consent,
            rule,
        }
    }
}
