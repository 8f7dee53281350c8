//! The system of plain `code` elements: none is written, the binding implies it.
//! <https://hl7.org/fhir/R4/search.html#token>
use super::Token;
use crate::TypeId;
use crate::registry::{ElementType, SearchParam, ValueSet, registry};

/// The token as index rows hold it: `http://hl7.org/fhir/task-status|requested` asks for
/// `requested` without a system, since `Task.status` is a plain code bound to that system.
pub fn stored(param: &SearchParam, token: Token) -> Token {
    match token {
        Token::SystemCode(system, code) if implies(param, &system, &code) => Token::NoSystem(code),
        other => other,
    }
}

fn implies(param: &SearchParam, system: &str, code: &str) -> bool {
    binding(param.on, param.expression).is_some_and(|set| set.contains(system, code))
}

/// The binding of a plain code at the end of a simple path.
pub fn binding(on: TypeId, path: &str) -> Option<&'static ValueSet> {
    let mut steps = path
        .strip_prefix(on.name())?
        .strip_prefix('.')?
        .split('.')
        .peekable();
    let mut definition = registry().resource(on);
    while let Some(step) = steps.next() {
        let member = definition.member(step)?;
        match member.of {
            ElementType::Complex(next) => definition = registry().definition(next),
            ElementType::Primitive(_) if steps.peek().is_none() => return definition.element(member).binding,
            _ => return None,
        }
    }
    None
}
