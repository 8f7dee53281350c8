//! Where in the tree the items of a path are. FHIRPath sees parsed values; an item is found again
//! by being that very value.
use crate::TypeId;
use crate::path::{Env, Expr};
use crate::registry::{Definition, ElementType, registry};
use crate::tree::Node;
use serde_json::Value;

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

/// The places of all items that are part of the resource.
pub fn places(expression: &Expr, value: &Value) -> Vec<Vec<Step>> {
    let items = expression.evaluate(value, &Env::default());
    let nodes = items.iter().filter_map(|item| item.json());
    nodes.filter_map(|node| place_of(value, node)).collect()
}

fn place_of(root: &Value, wanted: &Value) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    search(root, wanted, &mut steps).then_some(steps)
}

fn search(at: &Value, wanted: &Value, steps: &mut Vec<Step>) -> bool {
    if std::ptr::eq(at, wanted) {
        return true;
    }
    let mut enter = |step: Step, child: &Value| {
        steps.push(step);
        let found = search(child, wanted, steps);
        if !found {
            steps.pop();
        }
        found
    };
    match at {
        Value::Object(members) => members
            .iter()
            .any(|(name, child)| enter(Step::Member(name.clone()), child)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .any(|(at, child)| enter(Step::Index(at), child)),
        _ => false,
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
