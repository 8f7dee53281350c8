//! What all rules together let somebody see, in memory.
use super::{Coded, Facts, Recipient, Rule, label};

/// A rule, and the Consent it is of.
#[derive(Clone, Debug)]
pub struct Held {
    pub consent: String,
    pub rule: Rule,
}

/// Whether the resource is there for them. `rules` are those of its patients.
pub fn is_shown(facts: &Facts, rules: &[Held], recipient: &Recipient) -> bool {
    let holding: Vec<&Held> = rules
        .iter()
        .filter(|held| facts.patients.contains(&held.rule.patient) && held.rule.holds(facts, recipient))
        .collect();
    !is_denied(&holding) && hiding(facts).all(|label| is_permitted(facts, &holding, label))
}

/// Whoever asks: nothing is denied to anybody, and no label hides it.
pub fn is_open(facts: &Facts, rules: &[Held]) -> bool {
    rules.iter().all(|held| held.rule.permits) && hiding(facts).next().is_none()
}

/// A denial to which no exception holds.
fn is_denied(holding: &[&Held]) -> bool {
    let excepted = |denial: &Held| {
        holding
            .iter()
            .any(|other| other.consent == denial.consent && other.rule.parent == Some(denial.rule.node))
    };
    let mut denials = holding.iter().filter(|held| !held.rule.permits);
    denials.any(|denial| !excepted(denial))
}

/// The labels for which a resource is hidden.
fn hiding(facts: &Facts) -> impl Iterator<Item = &Coded> {
    facts
        .labels
        .iter()
        .filter(|borne| label::hidden().any(|label| Coded::new(Some(label.system), label.code).names(borne)))
}

/// By each of the patients.
fn is_permitted(facts: &Facts, holding: &[&Held], borne: &Coded) -> bool {
    let by = |patient: &String| {
        holding.iter().any(|held| {
            let Rule { permits, label, .. } = &held.rule;
            *permits
                && held.rule.patient == *patient
                && label.as_ref().is_some_and(|label| label.names(borne))
        })
    };
    !facts.patients.is_empty() && facts.patients.iter().all(by)
}
