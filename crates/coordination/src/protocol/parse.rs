//! PlanDefinition to [`Protocol`], with every problem named by its element.
use super::elements::{coding, codings, each, extensions, number, text, words};
use super::{Action, DeadlineCase, Dispositions, Protocol};
use crate::codes::{extension, system};
use crate::deadline::Rule;
use fhir::datetime::parse_range;
use fhir::path::Expr;
use fhir::{Issue, IssueCode};
use serde_json::Value;
use std::ops::RangeInclusive;

pub(super) fn protocol(definition: &Value) -> Result<Protocol, Vec<Issue>> {
    let mut reader = Reader { issues: Vec::new() };
    let parsed = reader.protocol(definition);
    match parsed {
        Some(protocol) if reader.issues.is_empty() => Ok(protocol),
        _ => Err(reader.issues),
    }
}

struct Reader {
    issues: Vec<Issue>,
}

impl Reader {
    fn fault(&mut self, at: &str, text: &str) {
        self.issues
            .push(Issue::error(IssueCode::BusinessRule, text).at(at));
    }

    fn require<T>(&mut self, found: Option<T>, at: &str, text: &str) -> Option<T> {
        if found.is_none() {
            self.fault(at, text);
        }
        found
    }

    fn protocol(&mut self, definition: &Value) -> Option<Protocol> {
        let actions: Vec<Option<Action>> = each(definition, "action")
            .enumerate()
            .map(|(i, action)| self.action(i, action))
            .collect();
        let actions: Vec<Action> = actions.into_iter().collect::<Option<_>>()?;
        self.references(definition, &actions);
        let url = self.require(
            text(definition, "url"),
            "PlanDefinition.url",
            "A protocol needs a url, which is part of the identity of what it makes",
        );
        let header = self.require(
            extensions(definition, extension::PROTOCOL).next(),
            "PlanDefinition.extension",
            "A protocol needs the extension urn:baton:protocol: program, window-days, eligible-class, dispositions",
        );
        let (url, header) = (url?, header?);
        let program = self.require(
            extensions(header, "program").find_map(|program| coding(program.get("valueCoding")?)),
            "PlanDefinition.extension.where(url='urn:baton:protocol').extension.where(url='program')",
            "The program needs a valueCoding with system and code",
        );
        let window = self.require(
            extensions(header, "window-days")
                .find_map(number)
                .filter(|days| (1..=366).contains(days)),
            "PlanDefinition.extension.where(url='urn:baton:protocol').extension.where(url='window-days')",
            "The window needs a valuePositiveInt of 1 to 366 days",
        );
        Some(Protocol {
            url: url.to_owned(),
            version: text(definition, "version").map(str::to_owned),
            title: text(definition, "title").unwrap_or(url).to_owned(),
            opens: text(definition, "status") == Some("active"),
            effective: effective(definition),
            program: program?,
            window_days: window?,
            eligible_classes: codings(header, "eligible-class"),
            acute_classes: codings(header, "acute-class"),
            dispositions: Dispositions {
                eligible: words(header, "eligible-disposition"),
                excluded: words(header, "excluded-disposition"),
                transfer: words(header, "transfer-disposition"),
                planned_return: words(header, "planned-return-disposition"),
            },
            actions,
        })
    }

    fn action(&mut self, index: usize, action: &Value) -> Option<Action> {
        let at = format!("PlanDefinition.action[{index}]");
        let id = self.require(
            text(action, "id"),
            &format!("{at}.id"),
            "An action needs an id, which is part of the identity of its task",
        );
        let code = self.require(
            each(action, "code")
                .flat_map(|code| each(code, "coding"))
                .find_map(coding),
            &format!("{at}.code"),
            "An action needs a code with system and code, which becomes Task.code",
        );
        let conditions = self.conditions(&at, action);
        let deadlines = self.deadlines(&at, action);
        let (id, code) = (id?, code?);
        let role = each(action, "participant")
            .flat_map(|participant| each(participant.get("role").unwrap_or(&Value::Null), "coding"))
            .filter_map(coding)
            .find(|role| role.system == system::ROLE);
        Some(Action {
            title: text(action, "title").unwrap_or(id).to_owned(),
            description: text(action, "description").unwrap_or_default().to_owned(),
            completion: extensions(action, extension::COMPLETION)
                .find_map(|completion| text(completion, "valueString"))
                .map(str::to_owned),
            priority: text(action, "priority").unwrap_or("routine").to_owned(),
            role: role.map_or_else(|| "coordinator".to_owned(), |role| role.code),
            id: id.to_owned(),
            code,
            conditions,
            deadlines,
        })
    }

    fn conditions(&mut self, at: &str, action: &Value) -> Vec<Expr> {
        let mut conditions = Vec::new();
        for (i, condition) in each(action, "condition").enumerate() {
            if text(condition, "kind") != Some("applicability") {
                continue;
            }
            let at = format!("{at}.condition[{i}].expression");
            let expression = condition
                .get("expression")
                .and_then(|expression| text(expression, "expression"));
            conditions.extend(self.expression(&at, expression));
        }
        conditions
    }

    fn expression(&mut self, at: &str, expression: Option<&str>) -> Option<Expr> {
        match Expr::compile(expression.unwrap_or_default()) {
            Ok(compiled) => Some(compiled),
            Err(error) => {
                self.fault(
                    at,
                    &format!("A condition needs an expression Baton can evaluate. {error}"),
                );
                None
            }
        }
    }

    fn deadlines(&mut self, at: &str, action: &Value) -> Vec<DeadlineCase> {
        let mut cases = Vec::new();
        for (i, deadline) in each(action, "extension").enumerate() {
            if text(deadline, "url") != Some(extension::DEADLINE) {
                continue;
            }
            let at = format!("{at}.extension[{i}]");
            let rule = self.require(
                rule(deadline),
                &at,
                "A deadline needs kind business-days or days with count, hours with from and count, or by with action",
            );
            let when = extensions(deadline, "when")
                .next()
                .map(|when| text(when, "valueString"));
            let when = when.and_then(|expression| self.expression(&at, expression));
            cases.extend(rule.map(|rule| DeadlineCase { when, rule }));
        }
        cases
    }

    /// `by` leads to an action that has a deadline of its own; identities are unique.
    fn references(&mut self, definition: &Value, actions: &[Action]) {
        for (i, action) in actions.iter().enumerate() {
            if actions[..i].iter().any(|earlier| earlier.id == action.id) {
                self.fault(
                    &format!("PlanDefinition.action[{i}].id"),
                    "Two actions have the same id",
                );
            }
            for case in &action.deadlines {
                let Rule::By(other) = &case.rule else { continue };
                let own = |action: &Action| {
                    !action
                        .deadlines
                        .iter()
                        .any(|case| matches!(case.rule, Rule::By(_)))
                };
                if !actions.iter().any(|action| action.id == *other && own(action)) {
                    let place = each(&definition["action"][i], "extension")
                        .position(|extension| text(extension, "url") == Some(extension::DEADLINE));
                    let at = format!(
                        "PlanDefinition.action[{i}].extension[{}]",
                        place.unwrap_or_default()
                    );
                    self.fault(
                        &at,
                        "The action this one is due with is not in the protocol or has no date of its own",
                    );
                }
            }
        }
    }
}

fn effective(definition: &Value) -> RangeInclusive<i64> {
    let end_of = |name: &str| parse_range(definition.pointer(name)?.as_str()?);
    let start = end_of("/effectivePeriod/start").map_or(i64::MIN, |range| range.low);
    let end = end_of("/effectivePeriod/end").map_or(i64::MAX, |range| range.high);
    start..=end
}

fn rule(deadline: &Value) -> Option<Rule> {
    let count = || {
        extensions(deadline, "count")
            .find_map(number)
            .filter(|count| *count <= 3660)
    };
    match extensions(deadline, "kind").find_map(|kind| text(kind, "valueCode"))? {
        "business-days" => Some(Rule::BusinessDays(count()?)),
        "days" => Some(Rule::Days(count()?)),
        "hours" => {
            let from = extensions(deadline, "from").find_map(number)?;
            count()
                .filter(|to| *to >= from)
                .map(|to| Rule::Hours { from, to })
        }
        "by" => extensions(deadline, "action")
            .find_map(|action| text(action, "valueId"))
            .map(|id| Rule::By(id.into())),
        _ => None,
    }
}
