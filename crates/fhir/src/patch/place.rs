//! Where in the tree the items of a path are. FHIRPath sees parsed values; an item is found again
//! by being that very value, all items of a path on one walk.
use super::bounds::COSTLY;
use crate::TypeId;
use crate::path::{Env, Expr, TooCostly};
use crate::registry::{Definition, ElementType, registry};
use crate::tree::Node;
use serde_json::Value;
use std::collections::HashSet;

#[derive(Clone, Debug)]
pub struct Path {
    pub expression: Expr,
    /// Where the path ends in a plain name: what is before it, and the name.
    pub parent: Option<(Expr, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Member(String),
    Index(usize),
}

/// FHIRPath work of all operations of a patch.
const WORK: u64 = 20_000_000;
/// And of one, however few there are.
const MOST: u64 = 2_000_000;

/// The resource as paths see it, and what looking may cost.
pub struct Seen<'v> {
    value: &'v Value,
    work: u64,
}

impl<'v> Seen<'v> {
    pub fn new(value: &'v Value, operations: usize) -> Seen<'v> {
        let work = (WORK / (operations as u64).max(1)).min(MOST);
        Seen { value, work }
    }

    /// The places of all items that are part of the resource, each once, in its order.
    pub fn places(&self, expression: &Expr) -> Result<Vec<Vec<Step>>, String> {
        let env = Env::default().work(self.work);
        let items = expression.try_evaluate(self.value, &env);
        let items = items.map_err(|TooCostly| COSTLY)?;
        let wanted: HashSet<*const Value> = items.iter().filter_map(|item| item.json()).map(ptr).collect();
        let (mut steps, mut found) = (Vec::new(), Vec::new());
        if !wanted.is_empty() {
            search(self.value, &wanted, &mut steps, &mut found);
        }
        Ok(found)
    }
}

fn ptr(value: &Value) -> *const Value {
    value
}

/// Until all that is wanted is found.
fn search(at: &Value, wanted: &HashSet<*const Value>, steps: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if wanted.contains(&ptr(at)) {
        found.push(steps.clone());
    }
    let mut enter = |step: Step, child: &Value| {
        steps.push(step);
        search(child, wanted, steps, found);
        steps.pop();
        found.len() == wanted.len()
    };
    match at {
        Value::Object(members) => drop(
            members
                .iter()
                .any(|(name, child)| enter(Step::Member(name.clone()), child)),
        ),
        Value::Array(items) => drop(
            items
                .iter()
                .enumerate()
                .any(|(at, child)| enter(Step::Index(at), child)),
        ),
        _ => {}
    }
}

pub fn find<'t, 'a>(root: &'t mut Node<'a>, steps: &[Step]) -> Option<&'t mut Node<'a>> {
    steps.iter().try_fold(root, |node, step| match (node, step) {
        (Node::Array(items), Step::Index(at)) => items.get_mut(*at),
        (node @ Node::Object(_), Step::Member(name)) => node.get_mut(name),
        _ => None,
    })
}

/// What the element at that place is made of; none for primitives.
pub fn definition(root: &Node, steps: &[Step]) -> Option<&'static Definition> {
    let (mut node, mut current) = (root, of_resource(root));
    for step in steps {
        match step {
            Step::Index(at) => node = node.items().get(*at)?,
            Step::Member(name) => {
                node = node.get(name)?;
                current = current
                    .and_then(|definition| definition.member(name))
                    .and_then(|member| type_of(member.of));
            }
        }
        if node.get("resourceType").is_some() {
            current = of_resource(node);
        }
    }
    current
}

fn type_of(of: ElementType) -> Option<&'static Definition> {
    match of {
        ElementType::Complex(id) => Some(registry().definition(id)),
        ElementType::Primitive(_) | ElementType::Resource => None,
    }
}

/// Resources inside of others say what they are.
fn of_resource(node: &Node) -> Option<&'static Definition> {
    let type_id = TypeId::of(&node.get("resourceType")?.as_str()?)?;
    Some(registry().resource(type_id))
}
