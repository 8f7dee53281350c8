//! Walking the tree. Where FHIRPath speaks of an error at run time the result is empty: a
//! condition that cannot be decided does not hold. Work is counted, and past its bound the whole
//! evaluation ends.
use super::ast::{Node, Operator};
use super::collection::{bool_item, distinct, index_of, is_type, members, membership, of_type, root};
use super::function::Function;
use super::item::{Data, Item};
use super::navigate::Contained;
use super::{Env, arithmetic, compare};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

/// Computed text longer than this ends the evaluation: R4's own bound on strings.
pub(super) const MAX_TEXT: usize = 1024 * 1024;

/// What stays the same during one evaluation.
pub(super) struct Scope<'a, 'e> {
    pub(super) resource: &'a Value,
    /// `%context`
    pub(super) origin: Item<'a>,
    pub(super) env: &'e Env<'a>,
    pub(super) contained: OnceCell<Contained<'a>>,
    left: Cell<u64>,
    exhausted: Cell<bool>,
}

pub(super) type Items<'a> = Vec<Item<'a>>;

/// `$this` (at the top the item the evaluation starts from), `$index` and `$total`.
#[derive(Clone, Copy, Default)]
pub(super) struct Context<'a, 's> {
    pub(super) this: &'s [Item<'a>],
    pub(super) index: Option<usize>,
    pub(super) total: &'s [Item<'a>],
}

impl<'a, 's> Context<'a, 's> {
    pub(super) fn of(this: &'s [Item<'a>]) -> Context<'a, 's> {
        Context {
            this,
            index: None,
            total: &[],
        }
    }

    pub(super) fn item(item: &'s Item<'a>, index: usize) -> Context<'a, 's> {
        Context {
            this: std::slice::from_ref(item),
            index: Some(index),
            total: &[],
        }
    }
}

impl<'a, 'e> Scope<'a, 'e> {
    pub(super) fn new(resource: &'a Value, origin: &Item<'a>, env: &'e Env<'a>) -> Self {
        Scope {
            resource,
            origin: origin.clone(),
            env,
            contained: OnceCell::new(),
            left: Cell::new(env.work),
            exhausted: Cell::new(false),
        }
    }

    /// Whether the bound on work was reached, so that results mean nothing.
    pub(super) fn exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// False when the work is more than what is left.
    pub(super) fn spend(&self, units: u64) -> bool {
        let left = self.left.get().checked_sub(units);
        self.left.set(left.unwrap_or(0));
        if left.is_none() {
            self.exhausted.set(true);
        }
        left.is_some()
    }

    /// What an evaluation costs by its result: its items, and the text it made.
    fn paid(&self, items: Items<'a>) -> Items<'a> {
        let text = match &items[..] {
            [] => return items,
            [item] => match &item.data {
                Data::String(Cow::Owned(text)) => text.len() as u64 / 16,
                _ => 0,
            },
            _ => items.len() as u64,
        };
        if self.spend(text) { items } else { Vec::new() }
    }

    pub(super) fn evaluate(&self, node: &'a Node, context: Context<'a, '_>) -> Items<'a> {
        if !self.spend(1) {
            return Vec::new();
        }
        self.paid(match node {
            Node::Literal(literal) => Item::literal(literal).into_iter().collect(),
            Node::This => context.this.to_vec(),
            Node::Index => context.index.map(Item::integer).into_iter().collect(),
            Node::Total => context.total.to_vec(),
            Node::Variable(name) => self.variable(name),
            Node::Root(name) => root(context.this, name),
            Node::Member(receiver, name) => members(&self.evaluate(receiver, context), name),
            Node::At(receiver, index) => {
                let place = index_of(&self.evaluate(index, context));
                let items = self.evaluate(receiver, context).into_iter();
                items.skip(place.unwrap_or(usize::MAX)).take(1).collect()
            }
            Node::Is(operand, name) => is_type(&self.evaluate(operand, context), name),
            Node::As(operand, name) => of_type(self.evaluate(operand, context), name),
            Node::Negate(operand) => arithmetic::negate(&self.evaluate(operand, context)),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right, context),
            Node::Call(_, Function::Empty | Function::Exists | Function::Not, none) if none.is_empty() => {
                bool_item(self.condition(node, context))
            }
            Node::Call(receiver, function, arguments) => {
                let input = self.receiver(receiver.as_deref(), context);
                self.call(*function, input, arguments, context)
            }
        })
    }

    fn receiver(&self, receiver: Option<&'a Node>, context: Context<'a, '_>) -> Items<'a> {
        match receiver {
            Some(receiver) => self.evaluate(receiver, context),
            None => context.this.to_vec(),
        }
    }

    /// The result as a condition, without making a collection of it where that can be helped.
    pub(super) fn condition(&self, node: &'a Node, context: Context<'a, '_>) -> Option<bool> {
        let input = |receiver: &'a Option<Box<Node>>| self.receiver(receiver.as_deref(), context);
        match node {
            Node::Binary(operator, left, right) if operator.is_logic() => {
                self.logic(*operator, left, right, context)
            }
            Node::Call(receiver, Function::Empty, _) => Some(input(receiver).is_empty()),
            Node::Call(receiver, Function::Exists, none) if none.is_empty() => {
                Some(!input(receiver).is_empty())
            }
            Node::Call(Some(receiver), Function::Not, _) => {
                self.condition(receiver, context).map(|holds| !holds)
            }
            Node::Call(None, Function::Not, _) => compare::truth(context.this).map(|holds| !holds),
            _ => compare::truth(&self.evaluate(node, context)),
        }
    }

    fn variable(&self, name: &str) -> Items<'a> {
        let given = self.env.variables.iter().find(|(known, _)| *known == name);
        match given.map(|(_, value)| *value) {
            Some(Value::Array(all)) => all.iter().map(Item::of_json).collect(),
            Some(Value::Null) => Vec::new(),
            Some(value) => vec![Item::of_json(value)],
            None => self.standard_variable(name).into_iter().collect(),
        }
    }

    /// <https://hl7.org/fhir/R4/fhirpath.html#variables>
    fn standard_variable(&self, name: &str) -> Option<Item<'a>> {
        let named = |prefix, base: &str| {
            name.strip_prefix(prefix)
                .map(|name| Item::string(base.to_owned() + name))
        };
        match name {
            "resource" => Some(Item::of_json(self.resource)),
            "rootResource" => Some(Item::of_json(self.env.container.unwrap_or(self.resource))),
            "context" => Some(self.origin.clone()),
            "ucum" => Some(Item::string("http://unitsofmeasure.org")),
            "sct" => Some(Item::string("http://snomed.info/sct")),
            "loinc" => Some(Item::string("http://loinc.org")),
            _ => named("vs-", "http://hl7.org/fhir/ValueSet/")
                .or_else(|| named("ext-", "http://hl7.org/fhir/StructureDefinition/")),
        }
    }

    fn binary(
        &self,
        operator: Operator,
        left: &'a Node,
        right: &'a Node,
        context: Context<'a, '_>,
    ) -> Items<'a> {
        use Operator as O;
        if operator.is_logic() {
            return bool_item(self.logic(operator, left, right, context));
        }
        let (mut left, right) = (self.evaluate(left, context), self.evaluate(right, context));
        match operator {
            O::Union => {
                left.extend(right);
                distinct(left)
            }
            O::In => membership(&left, &right),
            O::Contains => membership(&right, &left),
            O::Equivalent => vec![Item::boolean(compare::equivalent(&left, &right))],
            O::NotEquivalent => vec![Item::boolean(!compare::equivalent(&left, &right))],
            O::Equal => bool_item(compare::equal(&left, &right)),
            O::NotEqual => bool_item(compare::equal(&left, &right).map(|same| !same)),
            O::Greater | O::Less | O::GreaterOrEqual | O::LessOrEqual => {
                bool_item(compare::ordered(operator, &left, &right))
            }
            _ if !self.fits(&left, &right) => Vec::new(),
            _ => arithmetic::binary(operator, &left, &right),
        }
    }

    fn logic(
        &self,
        operator: Operator,
        left: &'a Node,
        right: &'a Node,
        context: Context<'a, '_>,
    ) -> Option<bool> {
        let left = self.condition(left, context);
        match (operator, left) {
            (Operator::And, Some(false)) => Some(false),
            (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => Some(true),
            _ => compare::logic(operator, left, self.condition(right, context)),
        }
    }

    /// Whether two texts may be joined.
    fn fits(&self, left: &[Item], right: &[Item]) -> bool {
        let length = |items: &[Item]| items.first().and_then(Item::as_str).map_or(0, str::len);
        length(left) + length(right) <= MAX_TEXT || self.spend(u64::MAX)
    }
}
