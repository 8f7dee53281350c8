//! The functions expressions may call, with their arity. <http://hl7.org/fhirpath/N1/#functions>
use super::ast::{Literal, Node};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    All,
    AllTrue,
    AnyTrue,
    As,
    Children,
    Combine,
    Contains,
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exclude,
    Exists,
    Extension,
    First,
    HasExtension,
    HasValue,
    Iif,
    IndexOf,
    Intersect,
    Is,
    Last,
    Length,
    Lower,
    Matches,
    Not,
    Now,
    OfType,
    Replace,
    Resolve,
    Select,
    Single,
    Skip,
    StartsWith,
    Substring,
    Tail,
    Take,
    Today,
    ToDecimal,
    ToInteger,
    ToString,
    Union,
    Upper,
    Where,
}

/// Name, function, fewest and most arguments. `any` is an older name of `exists`.
const FUNCTIONS: [(&str, Function, usize, usize); 46] = [
    ("all", Function::All, 1, 1),
    ("allTrue", Function::AllTrue, 0, 0),
    ("any", Function::Exists, 0, 1),
    ("anyTrue", Function::AnyTrue, 0, 0),
    ("as", Function::As, 1, 1),
    ("children", Function::Children, 0, 0),
    ("combine", Function::Combine, 1, 1),
    ("contains", Function::Contains, 1, 1),
    ("count", Function::Count, 0, 0),
    ("descendants", Function::Descendants, 0, 0),
    ("distinct", Function::Distinct, 0, 0),
    ("empty", Function::Empty, 0, 0),
    ("endsWith", Function::EndsWith, 1, 1),
    ("exclude", Function::Exclude, 1, 1),
    ("exists", Function::Exists, 0, 1),
    ("extension", Function::Extension, 1, 1),
    ("first", Function::First, 0, 0),
    ("hasExtension", Function::HasExtension, 1, 1),
    ("hasValue", Function::HasValue, 0, 0),
    ("iif", Function::Iif, 2, 3),
    ("indexOf", Function::IndexOf, 1, 1),
    ("intersect", Function::Intersect, 1, 1),
    ("is", Function::Is, 1, 1),
    ("last", Function::Last, 0, 0),
    ("length", Function::Length, 0, 0),
    ("lower", Function::Lower, 0, 0),
    ("matches", Function::Matches, 1, 1),
    ("not", Function::Not, 0, 0),
    ("now", Function::Now, 0, 0),
    ("ofType", Function::OfType, 1, 1),
    ("replace", Function::Replace, 2, 2),
    ("resolve", Function::Resolve, 0, 0),
    ("select", Function::Select, 1, 1),
    ("single", Function::Single, 0, 0),
    ("skip", Function::Skip, 1, 1),
    ("startsWith", Function::StartsWith, 1, 1),
    ("substring", Function::Substring, 1, 2),
    ("tail", Function::Tail, 0, 0),
    ("take", Function::Take, 1, 1),
    ("today", Function::Today, 0, 0),
    ("toDecimal", Function::ToDecimal, 0, 0),
    ("toInteger", Function::ToInteger, 0, 0),
    ("toString", Function::ToString, 0, 0),
    ("union", Function::Union, 1, 1),
    ("upper", Function::Upper, 0, 0),
    ("where", Function::Where, 1, 1),
];

impl Function {
    pub(super) fn of(name: &str, arguments: usize) -> Result<Function, String> {
        let known = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let (_, function, fewest, most) =
            known.ok_or_else(|| format!("there is no function {name}() here"))?;
        if (*fewest..=*most).contains(&arguments) {
            return Ok(*function);
        }
        Err(format!(
            "{name}() takes {fewest} to {most} arguments, not {arguments}"
        ))
    }

    /// What can be known before any resource is seen.
    pub(super) fn check(self, arguments: &[Node]) -> Result<(), String> {
        match (self, arguments) {
            (Function::As | Function::Is | Function::OfType, [argument]) => match type_argument(argument) {
                Some(_) => Ok(()),
                None => Err("a type name was expected".to_owned()),
            },
            (Function::Matches, [Node::Literal(Literal::String(pattern))]) => {
                let compiled = regex_lite::Regex::new(pattern);
                compiled
                    .map(|_| ())
                    .map_err(|_| "not a regular expression".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// `Patient` or `FHIR.Patient` as an argument: the name read as a path is a type's.
pub(super) fn type_argument(argument: &Node) -> Option<&str> {
    match argument {
        Node::Root(name) => Some(name),
        Node::Member(namespace, name) if matches!(**namespace, Node::Root(_)) => Some(name),
        _ => None,
    }
}
