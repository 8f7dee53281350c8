//! What a condition on an object is worth, as far as the names of its members tell: most
//! invariants ask only whether elements are there, and need no look at the values.
use super::Expr;
use super::ast::{Literal, Node, Operator};
use super::compare::logic;
use super::function::Function;
use crate::registry::Definition;

/// A condition over the bits of the elements that are present.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    Known(Option<bool>),
    /// The element is there.
    Present(u128),
    /// Worth that without the element; with it, values decide.
    Without(u128, Option<bool>),
    Not(Box<Guard>),
    Logic(Operator, Box<Guard>, Box<Guard>),
    /// Two conditions that agree (`=`), or do not (`!=`).
    Same(bool, Box<Guard>, Box<Guard>),
    /// The condition, and what follows when it holds and when not.
    Iif(Box<[Guard; 3]>),
    Open,
}

impl Guard {
    /// The result of the condition, or None when values decide.
    pub(crate) fn foretell(&self, present: u128) -> Option<bool> {
        self.told(present).map(|result| result == Some(true))
    }

    /// FHIRPath's three values, or None.
    fn told(&self, present: u128) -> Option<Option<bool>> {
        match self {
            Guard::Known(result) => Some(*result),
            Guard::Present(bit) => Some(Some(present & bit != 0)),
            Guard::Without(bit, result) => (present & bit == 0).then_some(*result),
            Guard::Not(inner) => inner.told(present).map(|result| result.map(|holds| !holds)),
            Guard::Logic(operator, left, right) => {
                either(*operator, left.told(present), || right.told(present))
            }
            Guard::Same(wanted, left, right) => {
                let (left, right) = (left.told(present)?, right.told(present)?);
                Some(left.zip(right).map(|(left, right)| (left == right) == *wanted))
            }
            Guard::Iif(parts) => match parts[0].told(present)? {
                Some(true) => parts[1].told(present),
                _ => parts[2].told(present),
            },
            Guard::Open => None,
        }
    }

    fn of(node: &Node, on: &Definition) -> Guard {
        match node {
            Node::Literal(Literal::Boolean(value)) => Guard::Known(Some(*value)),
            Node::Binary(operator, left, right) if operator.is_logic() => Guard::Logic(
                *operator,
                Box::new(Guard::of(left, on)),
                Box::new(Guard::of(right, on)),
            ),
            Node::Binary(operator, left, right) => comparison(*operator, left, right, on),
            Node::Is(operand, _) => without(rooted(operand, on), None),
            Node::Call(Some(receiver), Function::Not, _) => Guard::Not(Box::new(Guard::of(receiver, on))),
            Node::Call(None, Function::Iif, parts) => match &parts[..] {
                [condition, holds, fails] => Guard::Iif(Box::new(
                    [condition, holds, fails].map(|part| Guard::of(part, on)),
                )),
                _ => Guard::Open,
            },
            Node::Call(Some(receiver), function, arguments) => of_call(receiver, *function, arguments, on),
            _ => Guard::Open,
        }
    }
}

impl Expr {
    /// The same condition for an object of that definition.
    pub(crate) fn guard(&self, on: &Definition) -> Guard {
        Guard::of(&self.root, on)
    }
}

/// What one side settles, or else both.
fn either(
    operator: Operator,
    left: Option<Option<bool>>,
    right: impl FnOnce() -> Option<Option<bool>>,
) -> Option<Option<bool>> {
    let settles = |side, is_left| match (operator, side) {
        (Operator::And, Some(false)) => Some(Some(false)),
        (Operator::Or, Some(true)) => Some(Some(true)),
        (Operator::Implies, Some(false)) if is_left => Some(Some(true)),
        (Operator::Implies, Some(true)) if !is_left => Some(Some(true)),
        _ => None,
    };
    if let Some(settled) = left.and_then(|left| settles(left, true)) {
        return Some(settled);
    }
    let right = right();
    if let Some(settled) = right.and_then(|right| settles(right, false)) {
        return Some(settled);
    }
    Some(logic(operator, left?, right?))
}

fn without(bit: Option<u128>, result: Option<bool>) -> Guard {
    bit.map_or(Guard::Open, |bit| Guard::Without(bit, result))
}

fn comparison(operator: Operator, left: &Node, right: &Node, on: &Definition) -> Guard {
    let wanted = match operator {
        Operator::Equal => true,
        Operator::NotEqual => false,
        Operator::Greater | Operator::Less | Operator::GreaterOrEqual | Operator::LessOrEqual => {
            return without(rooted(left, on).or_else(|| rooted(right, on)), None);
        }
        Operator::In => return without(rooted(left, on), None),
        _ => return Guard::Open,
    };
    match (Guard::of(left, on), Guard::of(right, on)) {
        (Guard::Open, _) | (_, Guard::Open) => without(rooted(left, on).or_else(|| rooted(right, on)), None),
        (left, right) => Guard::Same(wanted, Box::new(left), Box::new(right)),
    }
}

fn of_call(receiver: &Node, function: Function, arguments: &[Node], on: &Definition) -> Guard {
    let bit = rooted(receiver, on);
    match function {
        Function::Exists if arguments.is_empty() && element(receiver, on).is_some() => {
            bit.map_or(Guard::Open, Guard::Present)
        }
        Function::Empty if element(receiver, on).is_some() => {
            Guard::Not(Box::new(bit.map_or(Guard::Open, Guard::Present)))
        }
        Function::Exists | Function::HasValue => without(bit, Some(false)),
        Function::Empty | Function::All | Function::IsDistinct => without(bit, Some(true)),
        _ if keeps_empty(function) => without(bit, None),
        _ => Guard::Open,
    }
}

/// `name`, or `Appointment.name`, when it names an element.
fn element(node: &Node, on: &Definition) -> Option<u128> {
    match node {
        Node::Root(name) => on.bit(name),
        Node::Member(root, name) if matches!(&**root, Node::Root(own) if own == on.name) => on.bit(name),
        _ => None,
    }
}

/// The element without which the path selects nothing.
fn rooted(node: &Node, on: &Definition) -> Option<u128> {
    element(node, on).or_else(|| match node {
        Node::Member(inner, _) | Node::At(inner, _) | Node::As(inner, _) => rooted(inner, on),
        Node::Call(Some(inner), function, _) if keeps_empty(*function) => rooted(inner, on),
        _ => None,
    })
}

/// Functions that make nothing of nothing.
fn keeps_empty(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::Where
            | F::Select
            | F::First
            | F::Last
            | F::Tail
            | F::Skip
            | F::Take
            | F::OfType
            | F::As
            | F::Resolve
            | F::Children
            | F::Descendants
            | F::Extension
            | F::Trace
            | F::Distinct
            | F::StartsWith
            | F::EndsWith
            | F::Contains
            | F::Matches
            | F::Substring
            | F::ReplaceMatches
            | F::ToInteger
            | F::ToString
    )
}
