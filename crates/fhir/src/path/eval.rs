//! Walking the tree. Where FHIRPath speaks of an error at run time the result is empty: a
//! condition that cannot be decided does not hold.
use super::ast::{Node, Operator};
use super::collection::{
    bool_item, collection, combined, distinct, extensions, index_of, is_type, members, membership, of_type,
    root,
};
use super::function::{Function, type_argument};
use super::item::Item;
use super::navigate::Contained;
use super::{Env, arithmetic, compare, navigate, text};
use serde_json::Value;
use std::cell::OnceCell;

/// What stays the same during one evaluation.
pub(super) struct Scope<'a, 'e> {
    resource: &'a Value,
    env: &'e Env<'a>,
    contained: OnceCell<Contained<'a>>,
}

type Items<'a> = Vec<Item<'a>>;

impl<'a, 'e> Scope<'a, 'e> {
    pub(super) fn new(resource: &'a Value, env: &'e Env<'a>) -> Self {
        Scope {
            resource,
            env,
            contained: OnceCell::new(),
        }
    }

    /// `context` is `$this`, or the resource at the top.
    pub(super) fn evaluate(&self, node: &'a Node, context: &[Item<'a>]) -> Items<'a> {
        match node {
            Node::Literal(literal) => Item::literal(literal).into_iter().collect(),
            Node::This => context.to_vec(),
            Node::Variable(name) => self.variable(name),
            Node::Root(name) => root(context, name),
            Node::Member(receiver, name) => members(&self.evaluate(receiver, context), name),
            Node::Index(receiver, index) => {
                let place = index_of(&self.evaluate(index, context));
                self.evaluate(receiver, context)
                    .into_iter()
                    .skip(place.unwrap_or(usize::MAX))
                    .take(1)
                    .collect()
            }
            Node::Is(operand, name) => is_type(&self.evaluate(operand, context), name),
            Node::As(operand, name) => of_type(self.evaluate(operand, context), name),
            Node::Negate(operand) => arithmetic::negate(&self.evaluate(operand, context)),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right, context),
            Node::Call(receiver, function, arguments) => {
                let input = match receiver {
                    Some(receiver) => self.evaluate(receiver, context),
                    None => context.to_vec(),
                };
                self.call(*function, input, arguments, context)
            }
        }
    }

    fn variable(&self, name: &str) -> Items<'a> {
        match self
            .env
            .variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
        {
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
            "resource" | "context" | "rootResource" => Some(Item::of_json(self.resource)),
            "ucum" => Some(Item::string("http://unitsofmeasure.org")),
            "sct" => Some(Item::string("http://snomed.info/sct")),
            "loinc" => Some(Item::string("http://loinc.org")),
            _ => named("vs-", "http://hl7.org/fhir/ValueSet/")
                .or_else(|| named("ext-", "http://hl7.org/fhir/StructureDefinition/")),
        }
    }

    fn binary(&self, operator: Operator, left: &'a Node, right: &'a Node, context: &[Item<'a>]) -> Items<'a> {
        let mut left = self.evaluate(left, context);
        let right = self.evaluate(right, context);
        match operator {
            Operator::Union => {
                left.extend(right);
                distinct(left)
            }
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => bool_item(compare::logic(
                operator,
                compare::truth(&left),
                compare::truth(&right),
            )),
            Operator::In => membership(&left, &right),
            Operator::Contains => membership(&right, &left),
            Operator::Equivalent => vec![Item::boolean(compare::equivalent(&left, &right))],
            Operator::NotEquivalent => vec![Item::boolean(!compare::equivalent(&left, &right))],
            Operator::Equal => bool_item(compare::equal(&left, &right)),
            Operator::NotEqual => bool_item(compare::equal(&left, &right).map(|same| !same)),
            Operator::Greater | Operator::Less | Operator::GreaterOrEqual | Operator::LessOrEqual => {
                bool_item(compare::ordered(operator, &left, &right))
            }
            _ => arithmetic::binary(operator, &left, &right),
        }
    }

    /// Functions whose arguments are criteria or types, evaluated for each item or not at all.
    fn call(
        &self,
        function: Function,
        input: Items<'a>,
        arguments: &'a [Node],
        context: &[Item<'a>],
    ) -> Items<'a> {
        let named = || arguments.first().and_then(type_argument).unwrap_or_default();
        match function {
            Function::Where => self.filter(input, arguments),
            Function::Exists => vec![Item::boolean(!self.filter(input, arguments).is_empty())],
            Function::All => {
                let total = input.len();
                vec![Item::boolean(self.filter(input, arguments).len() == total)]
            }
            Function::Select => self.select(&input, arguments),
            Function::Iif => self.iif(&input, arguments),
            Function::As | Function::OfType => of_type(input, named()),
            Function::Is => is_type(&input, named()),
            Function::Resolve => self.resolve(&input),
            Function::Now => text::now(self.env.now),
            Function::Today => text::today(self.env.now),
            _ => {
                let values = arguments.iter().map(|node| self.evaluate(node, context));
                with_values(function, input, values.collect())
            }
        }
    }

    fn resolve(&self, input: &[Item<'a>]) -> Items<'a> {
        let contained = self.contained.get_or_init(|| navigate::contained(self.resource));
        input
            .iter()
            .filter_map(|item| navigate::resolve(item, contained))
            .collect()
    }

    /// The items for which the criterion holds; all without one.
    fn filter(&self, input: Items<'a>, arguments: &'a [Node]) -> Items<'a> {
        let Some(criterion) = arguments.first() else {
            return input;
        };
        let holds = |item: &Item<'a>| {
            compare::truth(&self.evaluate(criterion, std::slice::from_ref(item))) == Some(true)
        };
        input.into_iter().filter(holds).collect()
    }

    fn select(&self, input: &[Item<'a>], arguments: &'a [Node]) -> Items<'a> {
        let each = |item| self.evaluate(&arguments[0], std::slice::from_ref(item));
        input.iter().flat_map(each).collect()
    }

    fn iif(&self, input: &[Item<'a>], arguments: &'a [Node]) -> Items<'a> {
        let holds = compare::truth(&self.evaluate(&arguments[0], input)) == Some(true);
        let branch = arguments.get(if holds { 1 } else { 2 });
        branch.map_or_else(Vec::new, |branch| self.evaluate(branch, input))
    }
}

/// Functions of the input and of argument values.
fn with_values<'a>(function: Function, input: Items<'a>, values: Vec<Items<'a>>) -> Items<'a> {
    let mut values = values.into_iter();
    let Some(first) = values.next() else {
        return collection(function, input);
    };
    match function {
        Function::Extension => extensions(&input, &first),
        Function::HasExtension => vec![Item::boolean(!extensions(&input, &first).is_empty())],
        Function::Union | Function::Combine | Function::Intersect | Function::Exclude => {
            combined(function, input, first)
        }
        Function::Skip => input.into_iter().skip(index_of(&first).unwrap_or(0)).collect(),
        Function::Take => input.into_iter().take(index_of(&first).unwrap_or(0)).collect(),
        _ => text::call(function, &input, &first, &values.next().unwrap_or_default()),
    }
}
