//! The functions expressions may call, with their arity. <http://hl7.org/fhirpath/N1/#functions>
use super::ast::{Literal, Node};
use super::pattern::Pattern;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Aggregate,
    All,
    AllFalse,
    AllTrue,
    AnyFalse,
    AnyTrue,
    As,
    Ceiling,
    Children,
    Combine,
    Comparable,
    Contains,
    ConvertsToBoolean,
    ConvertsToDate,
    ConvertsToDateTime,
    ConvertsToDecimal,
    ConvertsToInteger,
    ConvertsToQuantity,
    ConvertsToString,
    ConvertsToTime,
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exclude,
    Exists,
    Exp,
    Extension,
    First,
    Floor,
    HasExtension,
    HasValue,
    HtmlChecks,
    Iif,
    IndexOf,
    Intersect,
    Is,
    IsDistinct,
    Join,
    Last,
    Length,
    Ln,
    Log,
    Lower,
    Matches,
    MatchesFull,
    Not,
    Now,
    OfType,
    Power,
    Repeat,
    Replace,
    ReplaceMatches,
    Resolve,
    Round,
    Select,
    Single,
    Skip,
    Split,
    Sqrt,
    StartsWith,
    SubsetOf,
    Substring,
    SupersetOf,
    Tail,
    Take,
    TimeOfDay,
    ToBoolean,
    ToChars,
    ToDate,
    ToDateTime,
    ToDecimal,
    ToInteger,
    ToQuantity,
    ToString,
    ToTime,
    Today,
    Trace,
    Trim,
    Truncate,
    Type,
    Union,
    Upper,
    Where,
}

/// Name, function, fewest and most arguments. `any` is an older name of `exists`.
const FUNCTIONS: [(&str, Function, usize, usize); 87] = [
    ("abs", Function::Abs, 0, 0),
    ("aggregate", Function::Aggregate, 1, 2),
    ("all", Function::All, 1, 1),
    ("allFalse", Function::AllFalse, 0, 0),
    ("allTrue", Function::AllTrue, 0, 0),
    ("any", Function::Exists, 0, 1),
    ("anyFalse", Function::AnyFalse, 0, 0),
    ("anyTrue", Function::AnyTrue, 0, 0),
    ("as", Function::As, 1, 1),
    ("ceiling", Function::Ceiling, 0, 0),
    ("children", Function::Children, 0, 0),
    ("combine", Function::Combine, 1, 1),
    ("comparable", Function::Comparable, 1, 1),
    ("contains", Function::Contains, 1, 1),
    ("convertsToBoolean", Function::ConvertsToBoolean, 0, 0),
    ("convertsToDate", Function::ConvertsToDate, 0, 0),
    ("convertsToDateTime", Function::ConvertsToDateTime, 0, 0),
    ("convertsToDecimal", Function::ConvertsToDecimal, 0, 0),
    ("convertsToInteger", Function::ConvertsToInteger, 0, 0),
    ("convertsToQuantity", Function::ConvertsToQuantity, 0, 1),
    ("convertsToString", Function::ConvertsToString, 0, 0),
    ("convertsToTime", Function::ConvertsToTime, 0, 0),
    ("count", Function::Count, 0, 0),
    ("descendants", Function::Descendants, 0, 0),
    ("distinct", Function::Distinct, 0, 0),
    ("empty", Function::Empty, 0, 0),
    ("endsWith", Function::EndsWith, 1, 1),
    ("exclude", Function::Exclude, 1, 1),
    ("exists", Function::Exists, 0, 1),
    ("exp", Function::Exp, 0, 0),
    ("extension", Function::Extension, 1, 1),
    ("first", Function::First, 0, 0),
    ("floor", Function::Floor, 0, 0),
    ("hasExtension", Function::HasExtension, 1, 1),
    ("hasValue", Function::HasValue, 0, 0),
    ("htmlChecks", Function::HtmlChecks, 0, 0),
    ("iif", Function::Iif, 2, 3),
    ("indexOf", Function::IndexOf, 1, 1),
    ("intersect", Function::Intersect, 1, 1),
    ("is", Function::Is, 1, 1),
    ("isDistinct", Function::IsDistinct, 0, 0),
    ("join", Function::Join, 0, 1),
    ("last", Function::Last, 0, 0),
    ("length", Function::Length, 0, 0),
    ("ln", Function::Ln, 0, 0),
    ("log", Function::Log, 1, 1),
    ("lower", Function::Lower, 0, 0),
    ("matches", Function::Matches, 1, 1),
    ("matchesFull", Function::MatchesFull, 1, 1),
    ("not", Function::Not, 0, 0),
    ("now", Function::Now, 0, 0),
    ("ofType", Function::OfType, 1, 1),
    ("power", Function::Power, 1, 1),
    ("repeat", Function::Repeat, 1, 1),
    ("replace", Function::Replace, 2, 2),
    ("replaceMatches", Function::ReplaceMatches, 2, 2),
    ("resolve", Function::Resolve, 0, 0),
    ("round", Function::Round, 0, 1),
    ("select", Function::Select, 1, 1),
    ("single", Function::Single, 0, 0),
    ("skip", Function::Skip, 1, 1),
    ("split", Function::Split, 1, 1),
    ("sqrt", Function::Sqrt, 0, 0),
    ("startsWith", Function::StartsWith, 1, 1),
    ("subsetOf", Function::SubsetOf, 1, 1),
    ("substring", Function::Substring, 1, 2),
    ("supersetOf", Function::SupersetOf, 1, 1),
    ("tail", Function::Tail, 0, 0),
    ("take", Function::Take, 1, 1),
    ("timeOfDay", Function::TimeOfDay, 0, 0),
    ("toBoolean", Function::ToBoolean, 0, 0),
    ("toChars", Function::ToChars, 0, 0),
    ("toDate", Function::ToDate, 0, 0),
    ("toDateTime", Function::ToDateTime, 0, 0),
    ("toDecimal", Function::ToDecimal, 0, 0),
    ("toInteger", Function::ToInteger, 0, 0),
    ("toQuantity", Function::ToQuantity, 0, 1),
    ("toString", Function::ToString, 0, 0),
    ("toTime", Function::ToTime, 0, 0),
    ("today", Function::Today, 0, 0),
    ("trace", Function::Trace, 1, 2),
    ("trim", Function::Trim, 0, 0),
    ("truncate", Function::Truncate, 0, 0),
    ("type", Function::Type, 0, 0),
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
            _ => Ok(()),
        }
    }

    /// Patterns are compiled once, with the expression.
    pub(super) fn prepare(self, arguments: &mut [Node]) -> Result<(), String> {
        let regular = matches!(
            self,
            Function::Matches | Function::MatchesFull | Function::ReplaceMatches
        );
        if let (true, Some(argument)) = (regular, arguments.first_mut())
            && let Node::Literal(Literal::String(text)) = argument
        {
            let pattern = Pattern::new(text, self == Function::MatchesFull)?;
            *argument = Node::Literal(Literal::Pattern(pattern));
        }
        Ok(())
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
