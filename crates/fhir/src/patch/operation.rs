//! Reading a FHIRPath Patch. <https://hl7.org/fhir/R4/fhirpatch.html>
use super::place::Path;
use super::value::Given;
use crate::path::Expr;
use crate::tree::Node;
use crate::{Issue, IssueCode, Resource};

#[derive(Clone, Debug)]
pub struct Operation {
    pub path: Path,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub enum Action {
    Add { name: String, value: Given },
    Insert { index: usize, value: Given },
    Delete,
    Replace(Given),
    Move { source: usize, destination: usize },
}

/// Everything wrong with the Parameters at once.
pub fn read(parameters: &Resource) -> Result<Vec<Operation>, Vec<Issue>> {
    if parameters.type_id.name() != "Parameters" {
        let rule = "A FHIRPath Patch is a Parameters resource with a parameter `operation` for each change";
        return Err(vec![Issue::error(IssueCode::Structure, rule)]);
    }
    let broken = |_| {
        vec![Issue::error(
            IssueCode::Structure,
            "The Parameters cannot be read",
        )]
    };
    let tree = Node::parse(&parameters.text).map_err(broken)?;
    let each = tree.get("parameter").map_or(&[][..], Node::items);
    let (mut operations, mut issues) = (Vec::new(), Vec::new());
    for (at, parameter) in each.iter().enumerate() {
        match operation(parameter) {
            Ok(operation) => operations.push(operation),
            Err(rule) => issues.push(
                Issue::error(IssueCode::Invalid, format!("This operation {rule}"))
                    .at(format!("Parameters.parameter[{at}]")),
            ),
        }
    }
    if issues.is_empty() {
        Ok(operations)
    } else {
        Err(issues)
    }
}

fn operation(parameter: &Node) -> Result<Operation, String> {
    if text(parameter, "name").as_deref() != Some("operation") {
        return Err("must have the name `operation`".into());
    }
    let parts = Parts(parameter.get("part").map_or(&[][..], Node::items));
    let path = parts.string("path")?;
    let action = match parts.string("type")?.as_str() {
        "add" => Action::Add {
            name: parts.string("name")?,
            value: parts.value()?,
        },
        "insert" => Action::Insert {
            index: parts.index("index")?,
            value: parts.value()?,
        },
        "delete" => Action::Delete,
        "replace" => Action::Replace(parts.value()?),
        "move" => Action::Move {
            source: parts.index("source")?,
            destination: parts.index("destination")?,
        },
        _ => return Err("needs a part `type`: add, insert, delete, replace or move".into()),
    };
    Ok(Operation {
        path: compiled(path)?,
        action,
    })
}

/// Beside the path its beginning, which an insert into a list that is not there yet needs.
fn compiled(text: String) -> Result<Path, String> {
    let compile =
        |text: &str| Expr::compile(text).map_err(|error| format!("has a path that is not FHIRPath: {error}"));
    let parent = match text.rsplit_once('.') {
        Some((parent, name)) if name.chars().all(char::is_alphanumeric) => {
            Some((compile(parent)?, name.to_owned()))
        }
        _ => None,
    };
    Ok(Path {
        expression: compile(&text)?,
        parent,
    })
}

fn text(node: &Node, name: &str) -> Option<String> {
    node.get(name)?.as_str()
}

/// The parts of one operation.
struct Parts<'t, 'a>(&'t [Node<'a>]);

impl Parts<'_, '_> {
    fn named(&self, name: &str) -> Result<&Node<'_>, String> {
        let mut found = self
            .0
            .iter()
            .filter(|part| text(part, "name").as_deref() == Some(name));
        match (found.next(), found.next()) {
            (Some(part), None) => Ok(part),
            (None, _) => Err(format!("needs a part `{name}`")),
            _ => Err(format!("has the part `{name}` twice")),
        }
    }

    /// `valueString` or `valueCode`.
    fn string(&self, name: &str) -> Result<String, String> {
        let part = self.named(name)?;
        text(part, "valueString")
            .or_else(|| text(part, "valueCode"))
            .ok_or_else(|| format!("needs a valueString in the part `{name}`"))
    }

    fn index(&self, name: &str) -> Result<usize, String> {
        let part = self.named(name)?;
        let number = part.get("valueInteger").map(ToString::to_string);
        number
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("needs a valueInteger from 0 in the part `{name}`"))
    }

    fn value(&self) -> Result<Given, String> {
        Given::read(self.named("value")?)
    }
}
