//! Which types an expression can yield, told from the definitions alone: so that a path with a
//! slip of the pen is refused when it is defined, not found empty when it is searched by.
//!
//! Only what is certain is refused. Where types cannot be told (variables, contained resources,
//! `resolve()`), whatever follows is taken on trust.
use super::ast::{Node, Operator};
use super::function::{Function, type_argument};
use crate::TypeId;
use crate::registry::{Definition, DefinitionId, ElementType, Primitive, registry};

/// Names of types; None where they cannot be told.
type Types = Option<Vec<&'static str>>;
type Typed = Result<Types, String>;

/// The types that `node` yields on a resource of type `on`.
pub(super) fn of(node: &Node, on: TypeId) -> Typed {
    infer(node, &Some(vec![on.name()]))
}

/// The types that `node` yields on values of these types.
pub(super) fn from(node: &Node, types: Types) -> Typed {
    infer(node, &types)
}

fn infer(node: &Node, context: &Types) -> Typed {
    match node {
        Node::This => Ok(context.clone()),
        Node::Root(name) => root(context, name),
        Node::Member(receiver, name) => step(&infer(receiver, context)?, name),
        Node::At(receiver, _) => infer(receiver, context),
        Node::Is(operand, _) => infer(operand, context).map(|_| boolean()),
        Node::As(operand, name) => narrowed(infer(operand, context)?, name),
        Node::Binary(operator, left, right) => {
            binary(*operator, infer(left, context)?, infer(right, context)?)
        }
        Node::Call(receiver, function, arguments) => {
            let input = match receiver {
                Some(receiver) => infer(receiver, context)?,
                None => context.clone(),
            };
            call(*function, input, arguments)
        }
        _ => Ok(None),
    }
}

fn boolean() -> Types {
    Some(vec!["boolean"])
}

fn binary(operator: Operator, left: Types, right: Types) -> Typed {
    Ok(match operator {
        Operator::Union => left.zip(right).map(|(mut left, right)| {
            left.extend(right);
            left
        }),
        Operator::Times
        | Operator::Divide
        | Operator::Div
        | Operator::Mod
        | Operator::Plus
        | Operator::Minus
        | Operator::Join => None,
        _ => boolean(),
    })
}

fn call(function: Function, input: Types, arguments: &[Node]) -> Typed {
    match function {
        Function::Where => {
            arguments
                .iter()
                .try_for_each(|criterion| infer(criterion, &input).map(drop))?;
            Ok(input)
        }
        Function::First
        | Function::Last
        | Function::Tail
        | Function::Single
        | Function::Skip
        | Function::Take
        | Function::Distinct => Ok(input),
        Function::As | Function::OfType => narrowed(
            input,
            arguments.first().and_then(type_argument).unwrap_or_default(),
        ),
        Function::Select => arguments.first().map_or(Ok(None), |each| infer(each, &input)),
        Function::Extension => Ok(Some(vec!["Extension"])),
        Function::Exists
        | Function::Empty
        | Function::Not
        | Function::All
        | Function::AllTrue
        | Function::AnyTrue
        | Function::Is
        | Function::HasValue
        | Function::HasExtension => Ok(boolean()),
        _ => Ok(None),
    }
}

/// A name at the head of a path: a type, which selects the context or nothing, or a member.
fn root(context: &Types, name: &str) -> Typed {
    let Some(types) = context else { return Ok(None) };
    if types.iter().any(|of| is(of, name)) {
        return Ok(context.clone());
    }
    if TypeId::of(name).is_some() {
        return Ok(Some(Vec::new()));
    }
    step(context, name)
}

fn step(types: &Types, name: &str) -> Typed {
    let Some(types) = types else { return Ok(None) };
    let mut found = Vec::new();
    for of in types {
        match members(of, name) {
            None => return Ok(None),
            Some(members) => found.extend(members),
        }
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() && !types.is_empty() {
        return Err(format!("{} has no element `{name}`", listed(types)));
    }
    Ok(Some(found))
}

fn listed(types: &[&str]) -> String {
    match types {
        [one] => (*one).to_owned(),
        [] => "nothing".to_owned(),
        [first, ..] => format!("{first} (or another type there)"),
    }
}

/// None where anything may stand.
fn members(of: &str, name: &str) -> Option<Vec<&'static str>> {
    if Primitive::of(of).is_some() {
        return Some(match name {
            "extension" => vec!["Extension"],
            "id" => vec!["string"],
            _ => Vec::new(),
        });
    }
    let definition = registry().definition(definition(of)?);
    let own = definition.members_of(name);
    // `valueDateTime`, as JSON has it, is understood too.
    let members = own.chain(definition.member(name).filter(|_| is_choice(definition, name)));
    members.map(|member| type_name(member.of)).collect()
}

fn is_choice(definition: &Definition, json_name: &str) -> bool {
    let member = definition.member(json_name);
    member.is_some_and(|member| definition.element(member).choice)
}

fn definition(of: &str) -> Option<DefinitionId> {
    registry().definition_named(of)
}

fn type_name(of: ElementType) -> Option<&'static str> {
    match of {
        ElementType::Primitive(primitive) => Some(primitive.name()),
        ElementType::Complex(id) => Some(registry().definition(id).name),
        ElementType::Resource => None,
    }
}

/// `as` and `ofType()`.
fn narrowed(types: Types, name: &str) -> Typed {
    let Some(types) = types else { return Ok(None) };
    let kept: Vec<_> = types.iter().copied().filter(|of| is(of, name)).collect();
    if kept.is_empty() && !types.is_empty() {
        return Err(format!("{} is never of type {name}", listed(&types)));
    }
    Ok(Some(kept))
}

fn is(of: &str, name: &str) -> bool {
    let resource = TypeId::of(of).is_some();
    of.eq_ignore_ascii_case(name)
        || (resource && matches!(name, "Resource" | "DomainResource"))
        || (name == "Quantity" && matches!(of, "Age" | "Count" | "Distance" | "Duration"))
}
