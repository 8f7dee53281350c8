//! Doing a FHIRPath Patch. <https://hl7.org/fhir/R4/fhirpatch.html>
use super::bounds::{self, Budget};
use super::operation::{Action, Operation};
use super::place::{Path, Seen, Step, definition, find};
use super::prune;
use super::value::{Given, Json, insert, set};
use crate::registry::{Definition, Member};
use crate::tree::Node;
use crate::{Issue, resource};

/// A list: the place of the object that has it, and its name there.
type List = (Vec<Step>, String);

/// All, or the first that cannot be done.
pub fn apply(operations: &[Operation], root: &mut Node<'_>) -> Result<(), Issue> {
    let budget = Budget::default();
    for (at, operation) in operations.iter().enumerate() {
        let refuse = |rule: String| {
            Issue::error(bounds::code(&rule), format!("The patch cannot be done: {rule}"))
                .at(format!("Parameters.parameter[{at}]"))
        };
        let text = root.to_string();
        budget.spend(text.len()).map_err(|rule| refuse(rule.into()))?;
        let value = resource::json(&text).map_err(|_| refuse(bounds::DEEP.into()))?;
        let seen = Seen::new(&value, operations.len());
        one(operation, root, &seen).map_err(refuse)?;
        prune(root);
    }
    Ok(())
}

fn one(operation: &Operation, root: &mut Node<'_>, seen: &Seen) -> Result<(), String> {
    let path = &operation.path;
    match &operation.action {
        Action::Add { name, value: given } => add(root, &single(path, seen)?, name, given.clone()),
        Action::Insert { index, value: given } => {
            insert_into(root, &list(path, seen)?, *index, given.clone())
        }
        Action::Delete => delete(root, path, seen),
        Action::Replace(given) => replace(root, &single(path, seen)?, given.clone()),
        Action::Move { source, destination } => shift(root, &list(path, seen)?, *source, *destination),
    }
}

fn single(path: &Path, seen: &Seen) -> Result<Vec<Step>, String> {
    let mut found = seen.places(&path.expression)?;
    match (found.pop(), found.is_empty()) {
        (Some(steps), true) => Ok(steps),
        (None, _) => Err("the path leads to nothing; add what is missing first".into()),
        _ => Err("the path leads to several elements; narrow it to one".into()),
    }
}

/// The one list all items of the path are in; an empty one is found by the object before it.
fn list(path: &Path, seen: &Seen) -> Result<List, String> {
    let found = seen.places(&path.expression)?;
    let Some(first) = found.first() else {
        let (parent, name) = path.parent.as_ref().ok_or("the path leads to nothing")?;
        let mut parents = seen.places(parent)?;
        let parent = parents.pop().filter(|_| parents.is_empty());
        return Ok((parent.ok_or("the path leads to nothing")?, name.clone()));
    };
    let one = |steps: &Vec<Step>| {
        steps.len() == first.len() && steps[..steps.len() - 1] == first[..first.len() - 1]
    };
    match first.as_slice() {
        [parent @ .., Step::Member(name), Step::Index(_)] if found.iter().all(one) => {
            Ok((parent.to_vec(), name.clone()))
        }
        _ => Err("the path leads to no list, or into several".into()),
    }
}

fn parent_definition(root: &Node, steps: &[Step]) -> Result<&'static Definition, String> {
    definition(root, steps).ok_or_else(|| "the path leads to what has no elements".into())
}

fn object<'t, 'a>(root: &'t mut Node<'a>, steps: &[Step]) -> Result<&'t mut Node<'a>, String> {
    find(root, steps).ok_or_else(|| "the path leads to nothing".into())
}

fn add(root: &mut Node<'_>, steps: &[Step], name: &str, given: Given) -> Result<(), String> {
    let definition = parent_definition(root, steps)?;
    let member = given.member(definition, name)?;
    let json = given.into_json(member.of)?;
    let object = object(root, steps)?;
    if definition.element(member).many {
        let at = length(object, &member.name);
        insert(object, &member.name, at, json);
        return Ok(());
    }
    let element = definition.element(member).name;
    if definition
        .members_of(element)
        .any(|member| is_there(object, member))
    {
        return Err(format!("{name} is there already; replace it"));
    }
    set(object, &member.name, json);
    Ok(())
}

fn is_there(object: &Node, member: &Member) -> bool {
    object.get(&member.name).is_some() || object.get(&format!("_{}", member.name)).is_some()
}

/// Of the list or the one beside it, as either may be shorter.
fn length(object: &Node, name: &str) -> usize {
    let of = |name: &str| object.get(name).map_or(0, |list| list.items().len());
    of(name).max(of(&format!("_{name}")))
}

fn insert_into(root: &mut Node<'_>, (steps, name): &List, index: usize, given: Given) -> Result<(), String> {
    let definition = parent_definition(root, steps)?;
    let member = given.member(definition, name)?;
    if !definition.element(member).many {
        return Err(format!("{name} is no list; use add"));
    }
    let json = given.into_json(member.of)?;
    let object = object(root, steps)?;
    if index > length(object, name) {
        return Err("the index is beyond the end of the list".into());
    }
    insert(object, name, index, json);
    Ok(())
}

/// Nothing to delete is no error: the result is what was wanted.
fn delete(root: &mut Node<'_>, path: &Path, seen: &Seen) -> Result<(), String> {
    let mut found = seen.places(&path.expression)?;
    let Some(steps) = found.pop() else { return Ok(()) };
    if !found.is_empty() {
        return Err("the path leads to several elements; narrow it to one".into());
    }
    match steps.as_slice() {
        [parent @ .., Step::Member(name), Step::Index(at)] => {
            let object = object(root, parent)?;
            for list in [name.clone(), format!("_{name}")] {
                if let Some(Node::Array(items)) = object.get_mut(&list)
                    && *at < items.len()
                {
                    items.remove(*at);
                }
            }
            Ok(())
        }
        [parent @ .., Step::Member(name)] => {
            set(object(root, parent)?, name, Json::default());
            Ok(())
        }
        _ => Err("the resource itself cannot be deleted by a patch".into()),
    }
}

fn replace(root: &mut Node<'_>, steps: &[Step], given: Given) -> Result<(), String> {
    match steps {
        [parent @ .., Step::Member(name), Step::Index(at)] => {
            let member = given.member(parent_definition(root, parent)?, name)?;
            let json = given.into_json(member.of)?;
            let object = object(root, parent)?;
            for (list, node) in [(name.clone(), json.value), (format!("_{name}"), json.beside)] {
                if let Some(Node::Array(items)) = object.get_mut(&list)
                    && let Some(item) = items.get_mut(*at)
                {
                    *item = node.unwrap_or(crate::tree::NULL);
                }
            }
            Ok(())
        }
        [parent @ .., Step::Member(name)] => replace_member(root, parent, name, given),
        _ => Err("the resource itself cannot be replaced by a patch; update it".into()),
    }
}

/// A choice may change its type, and so the member's name.
fn replace_member(root: &mut Node<'_>, parent: &[Step], name: &str, given: Given) -> Result<(), String> {
    let definition = parent_definition(root, parent)?;
    let known = definition
        .member(name)
        .ok_or("the path leads to nothing R4 knows")?;
    let element = definition.element(known);
    let member = if element.choice {
        given.member(definition, element.name)?
    } else {
        known
    };
    let json = given.into_json(member.of)?;
    let object = object(root, parent)?;
    if *member.name != *name {
        set(object, name, Json::default());
    }
    set(object, &member.name, json);
    Ok(())
}

fn shift(root: &mut Node<'_>, (steps, name): &List, source: usize, destination: usize) -> Result<(), String> {
    let object = object(root, steps)?;
    let length = length(object, name);
    if source >= length || destination >= length {
        return Err("source and destination must be places in the list".into());
    }
    for list in [name.clone(), format!("_{name}")] {
        if let Some(Node::Array(items)) = object.get_mut(&list)
            && source.max(destination) < items.len()
        {
            let item = items.remove(source);
            items.insert(destination, item);
        }
    }
    Ok(())
}
