//! Functions of whole collections. <http://hl7.org/fhirpath/N1/#collections-1>
use super::function::Function;
use super::item::{Data, Item};
use super::{compare, convert, math, navigate, text};

/// More than any condition compares pairwise.
const MANY: usize = 64;

type Items<'a> = Vec<Item<'a>>;

/// Functions of the input alone.
pub(super) fn collection<'a>(function: Function, input: Items<'a>) -> Items<'a> {
    let all = |wanted| input.iter().all(|item| item.as_bool() == Some(wanted));
    let any = |wanted| input.iter().any(|item| item.as_bool() == Some(wanted));
    match function {
        Function::Empty => vec![Item::boolean(input.is_empty())],
        Function::Count => vec![Item::integer(input.len())],
        Function::First => input.into_iter().take(1).collect(),
        Function::Last => input.into_iter().next_back().into_iter().collect(),
        Function::Tail => input.into_iter().skip(1).collect(),
        Function::Single if input.len() > 1 => Vec::new(),
        Function::Single => input,
        Function::Distinct => distinct(input),
        Function::Not => bool_item(compare::truth(&input).map(|value| !value)),
        Function::AllTrue => vec![Item::boolean(all(true))],
        Function::AllFalse => vec![Item::boolean(all(false))],
        Function::AnyTrue => vec![Item::boolean(any(true))],
        Function::AnyFalse => vec![Item::boolean(any(false))],
        Function::IsDistinct => {
            let total = input.len();
            vec![Item::boolean(distinct(input).len() == total)]
        }
        Function::Type => input.iter().filter_map(Item::type_info).collect(),
        Function::HasValue => vec![Item::boolean(matches!(&input[..], [item] if has_value(item)))],
        Function::Children => input.iter().flat_map(navigate::all).collect(),
        Function::Descendants => descendants(&input),
        Function::ToBoolean
        | Function::ToDate
        | Function::ToDateTime
        | Function::ToDecimal
        | Function::ToInteger
        | Function::ToQuantity
        | Function::ToString
        | Function::ToTime
        | Function::ConvertsToBoolean
        | Function::ConvertsToDate
        | Function::ConvertsToDateTime
        | Function::ConvertsToDecimal
        | Function::ConvertsToInteger
        | Function::ConvertsToQuantity
        | Function::ConvertsToString
        | Function::ConvertsToTime => convert::call(function, &input),
        Function::Abs
        | Function::Ceiling
        | Function::Exp
        | Function::Floor
        | Function::Ln
        | Function::Round
        | Function::Sqrt
        | Function::Truncate => math::call(function, &input, &[]),
        Function::Join => text::join(&input, &[]),
        Function::ToChars => text::chars(&input),
        _ => text::call(function, &input, &[], &[]),
    }
}

fn has_value(item: &Item) -> bool {
    match &item.data {
        Data::Node { value, .. } => !value.is_null() && !value.is_object(),
        Data::Target(_) | Data::Type(..) => false,
        _ => true,
    }
}

fn descendants<'a>(input: &[Item<'a>]) -> Items<'a> {
    let children: Items<'a> = input.iter().flat_map(navigate::all).collect();
    if children.is_empty() {
        return children;
    }
    let below = descendants(&children);
    children.into_iter().chain(below).collect()
}

/// A type name stands for the context when that is of the type, any other name for its members.
pub(super) fn root<'a>(context: &[Item<'a>], name: &str) -> Items<'a> {
    let mut out = Vec::new();
    for item in context {
        match name.starts_with(|c: char| c.is_ascii_uppercase()) && item.is(name) {
            true => out.push(item.clone()),
            false => navigate::children(item, name, &mut out),
        }
    }
    out
}

pub(super) fn members<'a>(items: &[Item<'a>], name: &str) -> Items<'a> {
    let mut out = Vec::new();
    items
        .iter()
        .for_each(|item| navigate::children(item, name, &mut out));
    out
}

/// A filter, also on several items: R4's search expressions rely on it.
pub(super) fn of_type<'a>(mut items: Items<'a>, name: &str) -> Items<'a> {
    items.retain(|item| item.selects(name));
    items
}

pub(super) fn is_type<'a>(items: &[Item<'a>], name: &str) -> Items<'a> {
    match items {
        [item] => vec![Item::boolean(item.is(name))],
        _ => Vec::new(),
    }
}

pub(super) fn extensions<'a>(items: &[Item<'a>], url: &[Item<'a>]) -> Items<'a> {
    let wanted = |item: &Item<'a>| {
        let own = item.json().and_then(|extension| extension.get("url")?.as_str());
        own.is_some() && own == url.first().and_then(Item::as_str)
    };
    members(items, "extension").into_iter().filter(wanted).collect()
}

pub(super) fn combined<'a>(function: Function, mut input: Items<'a>, other: Items<'a>) -> Items<'a> {
    match function {
        Function::Intersect => input.retain(|item| compare::has(&other, item)),
        Function::Exclude => input.retain(|item| !compare::has(&other, item)),
        Function::SubsetOf => return vec![Item::boolean(within(&input, &other))],
        Function::SupersetOf => return vec![Item::boolean(within(&other, &input))],
        _ => input.extend(other),
    }
    if matches!(function, Function::Union | Function::Intersect) {
        distinct(input)
    } else {
        input
    }
}

fn within(items: &[Item], all: &[Item]) -> bool {
    items.iter().all(|item| compare::has(all, item))
}

/// Each value once. Past a few items by what they say, so that time grows with their number.
pub(super) fn distinct<'a>(mut items: Items<'a>) -> Items<'a> {
    if items.len() > MANY {
        let mut seen = compare::Seen::default();
        items.retain(|item| seen.insert(item));
        return items;
    }
    let mut out: Items<'a> = Vec::with_capacity(items.len());
    for item in items {
        if !compare::has(&out, &item) {
            out.push(item);
        }
    }
    out
}

pub(super) fn membership<'a>(item: &[Item<'a>], among: &[Item<'a>]) -> Items<'a> {
    match item {
        [item] => vec![Item::boolean(compare::has(among, item))],
        _ => Vec::new(),
    }
}

pub(super) fn bool_item<'a>(value: Option<bool>) -> Items<'a> {
    value.map(Item::boolean).into_iter().collect()
}

pub(super) fn index_of(items: &[Item]) -> Option<usize> {
    match items {
        [item] => match &item.data {
            Data::Integer(value) => usize::try_from(*value).ok(),
            _ => item
                .json()?
                .as_u64()
                .and_then(|value| usize::try_from(value).ok()),
        },
        _ => None,
    }
}
