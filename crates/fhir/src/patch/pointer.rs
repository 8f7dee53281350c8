//! JSON Patch. <https://www.rfc-editor.org/rfc/rfc6902> with pointers of RFC 6901
use super::bounds::{self, Budget};
use crate::tree::Node;
use crate::{Issue, IssueCode};

#[derive(Clone, Debug)]
pub struct Operation {
    action: Action,
    path: Pointer,
}

#[derive(Clone, Debug)]
enum Action {
    Add(Node<'static>),
    Remove,
    Replace(Node<'static>),
    Move(Pointer),
    Copy(Pointer),
    Test(Node<'static>),
}

/// Unescaped reference tokens.
type Pointer = Vec<String>;

pub fn read(text: &str) -> Result<Vec<Operation>, Issue> {
    let tree = crate::resource::json(text)
        .and_then(|_| Node::parse(text))
        .map_err(|error| malformed(&format!("is not JSON ({error})")))?;
    match &tree {
        Node::Array(operations) => operations.iter().enumerate().map(operation).collect(),
        _ => Err(malformed("is an array of operations")),
    }
}

fn malformed(rule: &str) -> Issue {
    Issue::error(IssueCode::Structure, format!("A JSON Patch {rule}"))
}

fn operation((at, node): (usize, &Node)) -> Result<Operation, Issue> {
    let refuse = |rule: &str| malformed(&format!("operation {at} {rule}"));
    let pointer = |name: &str| {
        let text = node.get(name).and_then(Node::as_str);
        text.and_then(|text| tokens(&text))
            .ok_or_else(|| refuse(&format!("needs `{name}`, a pointer such as /name/0/family")))
    };
    let value = || {
        let value = node.get("value").cloned().map(Node::into_owned);
        value.ok_or_else(|| refuse("needs `value`"))
    };
    let action = match node.get("op").and_then(Node::as_str).as_deref() {
        Some("add") => Action::Add(value()?),
        Some("remove") => Action::Remove,
        Some("replace") => Action::Replace(value()?),
        Some("move") => Action::Move(pointer("from")?),
        Some("copy") => Action::Copy(pointer("from")?),
        Some("test") => Action::Test(value()?),
        _ => return Err(refuse("needs `op`: add, remove, replace, move, copy or test")),
    };
    Ok(Operation {
        action,
        path: pointer("path")?,
    })
}

fn tokens(text: &str) -> Option<Pointer> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let rest = text.strip_prefix('/')?;
    Some(
        rest.split('/')
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

/// All, or the first that cannot be done.
pub fn apply(operations: &[Operation], root: &mut Node<'_>) -> Result<(), Issue> {
    let budget = Budget::default();
    operations.iter().enumerate().try_for_each(|(at, operation)| {
        one(operation, root, &budget)
            .map_err(|rule| Issue::error(bounds::code(rule), format!("JSON Patch operation {at}: {rule}")))
    })
}

const ABSENT: &str = "there is nothing at the path, or at what leads to it";

fn one(operation: &Operation, root: &mut Node<'_>, budget: &Budget) -> Result<(), &'static str> {
    let path = &operation.path;
    match &operation.action {
        Action::Add(value) => {
            budget.place(value, path.len())?;
            add(root, path, value.clone())
        }
        Action::Remove => remove(root, path).map(drop),
        Action::Replace(value) => {
            budget.place(value, path.len())?;
            *find(root, path).ok_or(ABSENT)? = value.clone();
            Ok(())
        }
        Action::Move(from) if path.starts_with(from) && path.len() > from.len() => {
            Err("a value cannot be moved into itself")
        }
        Action::Move(from) => {
            let value = remove(root, from)?;
            budget.place(&value, path.len())?;
            add(root, path, value)
        }
        Action::Copy(from) => {
            let value = find(root, from).ok_or(ABSENT)?;
            budget.place(value, path.len())?;
            let value = value.clone();
            add(root, path, value)
        }
        Action::Test(value) => match find(root, path) {
            Some(found) if found.same(value) => Ok(()),
            _ => Err("the test failed: the value is another; read the resource again"),
        },
    }
}

fn find<'t, 'a>(root: &'t mut Node<'a>, path: &[String]) -> Option<&'t mut Node<'a>> {
    path.iter().try_fold(root, |node, token| match node {
        Node::Array(items) => items.get_mut(index(token)?),
        node => node.get_mut(token),
    })
}

/// Digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || token.starts_with(|c: char| ('1'..='9').contains(&c));
    if plain { token.parse().ok() } else { None }
}

fn add<'a>(root: &mut Node<'a>, path: &[String], value: Node<'a>) -> Result<(), &'static str> {
    let Some((last, parent)) = path.split_last() else {
        *root = value;
        return Ok(());
    };
    match find(root, parent).ok_or(ABSENT)? {
        Node::Array(items) => {
            let at = if last == "-" {
                Some(items.len())
            } else {
                index(last)
            };
            match at.filter(|at| *at <= items.len()) {
                Some(at) => items.insert(at, value),
                None => return Err("the index is beyond the end of the array"),
            }
        }
        node => *node.member_mut(last, || crate::tree::NULL).ok_or(ABSENT)? = value,
    }
    Ok(())
}

fn remove<'a>(root: &mut Node<'a>, path: &[String]) -> Result<Node<'a>, &'static str> {
    let (last, parent) = path.split_last().ok_or("the whole resource cannot be removed")?;
    match find(root, parent).ok_or(ABSENT)? {
        Node::Array(items) => {
            let at = index(last).filter(|at| *at < items.len()).ok_or(ABSENT)?;
            Ok(items.remove(at))
        }
        node => node.remove(last).ok_or(ABSENT),
    }
}
