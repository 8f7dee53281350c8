//! Partial views of a resource: `_summary` and `_elements`.
//! <https://hl7.org/fhir/R4/search.html#summary> <https://hl7.org/fhir/R4/search.html#elements>
//!
//! A view keeps what is mandatory or changes the meaning, is marked as incomplete in `meta.tag`,
//! and copies what it keeps as it is written.
use crate::registry::{Definition, Element, ElementType, registry};
use crate::tree::Node;
use crate::{Issue, IssueCode, TypeId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Full,
    /// `_summary=true`
    Summary,
    /// `_summary=text`: the narrative.
    Text,
    /// `_summary=data`: all but the narrative.
    Data,
    /// `_elements`: these of the resource's own elements.
    Elements(Vec<String>),
}

impl View {
    /// What `_summary` or `_elements` asks for; None when the parameter is another one, or
    /// `_summary=count`, which is about the answer, not about resources.
    pub fn asked(on: Option<TypeId>, name: &str, value: &str) -> Result<Option<View>, Issue> {
        match (name, value) {
            ("_summary", "true") => Ok(Some(View::Summary)),
            ("_summary", "text") => Ok(Some(View::Text)),
            ("_summary", "data") => Ok(Some(View::Data)),
            ("_summary", "false") => Ok(Some(View::Full)),
            ("_elements", names) => elements(on, names).map(|names| Some(View::Elements(names))),
            _ => Ok(None),
        }
    }

    /// The one view of all parameters.
    pub fn of(on: Option<TypeId>, pairs: &[(String, String)]) -> Result<View, Issue> {
        let asked = pairs
            .iter()
            .filter_map(|(name, value)| View::asked(on, name, value).transpose());
        let mut views: Vec<View> = asked.collect::<Result<_, _>>()?;
        views.retain(|view| *view != View::Full);
        match (views.pop(), views.is_empty()) {
            (Some(view), true) => Ok(view),
            (None, _) => Ok(View::Full),
            _ => Err(Issue::error(
                IssueCode::Invalid,
                "_summary and _elements each choose a view; ask for one of them, once",
            )),
        }
    }

    /// The view of a stored resource.
    pub fn show(&self, text: &str) -> String {
        let seen = match Node::parse(text) {
            Ok(tree) if *self != View::Full => self.seen(tree),
            _ => None,
        };
        seen.map_or_else(|| text.to_owned(), |tree| tree.to_string())
    }

    fn seen<'a>(&self, mut tree: Node<'a>) -> Option<Node<'a>> {
        let type_id = TypeId::of(&tree.get("resourceType")?.as_str()?)?;
        self.reduce(&mut tree, registry().resource(type_id), true);
        mark(&mut tree);
        Some(tree)
    }

    fn reduce(&self, object: &mut Node, definition: &'static Definition, root: bool) {
        let Node::Object(members) = object else { return };
        members.retain_mut(|(name, node)| {
            if root && matches!(name.as_str(), "resourceType" | "id" | "meta") {
                return true;
            }
            let plain = name.strip_prefix('_').unwrap_or(name);
            let Some(member) = definition.member(plain) else {
                return false;
            };
            let element = definition.element(member);
            if !self.keeps(element) {
                return false;
            }
            if let (View::Summary, ElementType::Complex(id)) = (self, member.of) {
                self.reduce_backbone(node, registry().definition(id));
            }
            true
        });
    }

    /// Data types are shown whole: only parts of the resource itself have summaries.
    fn reduce_backbone(&self, node: &mut Node, definition: &'static Definition) {
        if !definition.name.contains('.') {
            return;
        }
        match node {
            Node::Array(items) => items
                .iter_mut()
                .for_each(|item| self.reduce(item, definition, false)),
            node => self.reduce(node, definition, false),
        }
    }

    fn keeps(&self, element: &Element) -> bool {
        let asked = match self {
            View::Full => true,
            View::Summary => element.summary,
            View::Text => element.name == "text",
            View::Data => element.name != "text",
            View::Elements(names) => names.iter().any(|name| name == element.name),
        };
        asked || element.required || element.modifier
    }
}

fn elements(on: Option<TypeId>, names: &str) -> Result<Vec<String>, Issue> {
    let names = names.split(',').map(|name| name.trim().trim_end_matches("[x]"));
    names.map(|name| element(on, name)).collect()
}

fn element(on: Option<TypeId>, name: &str) -> Result<String, Issue> {
    let known = |on: TypeId| {
        let definition = registry().resource(on);
        let element = definition.elements.iter().find(|element| element.name == name);
        element
            .or_else(|| definition.member(name).map(|member| definition.element(member)))
            .map(|element| element.name.to_owned())
    };
    let found = match on {
        Some(on) => known(on),
        None => registry().types().iter().find_map(|on| known(*on)),
    };
    found.ok_or_else(|| {
        let rule = match on {
            Some(on) => format!(
                "takes elements of {} itself, such as status, separated by commas",
                on.name()
            ),
            None => "takes elements of resources, separated by commas".to_owned(),
        };
        Issue::error(IssueCode::Value, format!("The parameter _elements {rule}"))
    })
}

const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// So that nobody takes it for the whole resource and writes it back.
fn mark(tree: &mut Node) {
    let tag = Node::Object(vec![
        ("system".to_owned(), Node::string(SYSTEM)),
        ("code".to_owned(), Node::string("SUBSETTED")),
    ]);
    let meta = tree.member_mut("meta", || Node::Object(Vec::new()));
    let tags = meta.and_then(|meta| meta.member_mut("tag", || Node::Array(Vec::new())));
    if let Some(Node::Array(tags)) = tags
        && !tags.iter().any(|known| {
            known
                .get("code")
                .is_some_and(|code| code.same(&Node::string("SUBSETTED")))
        })
    {
        tags.push(tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"1","meta":{"versionId":"1"},"text":{"status":"empty","div":"<div/>"},"status":"final","code":{"text":"c"},"valueQuantity":{"value":1.10},"note":[{"text":"n"}],"component":[{"code":{"text":"x"},"interpretation":[{"text":"i"}]}]}"#;

    fn shown(name: &str, value: &str) -> String {
        let pairs = [(name.to_owned(), value.to_owned())];
        View::of(TypeId::of("Observation"), &pairs)
            .unwrap()
            .show(OBSERVATION)
    }

    #[test]
    fn a_summary_keeps_exact_numbers_and_leaves_out_the_rest() {
        let summary = shown("_summary", "true");
        assert!(
            summary.contains("1.10") && summary.contains("SUBSETTED"),
            "{summary}"
        );
        for left_out in ["note", "text\":{\"status", "interpretation"] {
            assert!(!summary.contains(left_out), "{left_out} in {summary}");
        }
        assert!(
            summary.contains(r#""component":[{"code":{"text":"x"}}]"#),
            "{summary}"
        );
    }

    #[test]
    fn what_is_mandatory_stays() {
        let text = shown("_summary", "text");
        assert!(
            text.contains("<div/>") && text.contains("final") && !text.contains("1.10"),
            "{text}"
        );
        let data = shown("_summary", "data");
        assert!(!data.contains("<div/>") && data.contains("note"), "{data}");
        let value = shown("_elements", "value");
        assert!(
            value.contains("1.10") && value.contains("\"code\"") && !value.contains("note"),
            "{value}"
        );
        assert_eq!(shown("_summary", "false"), OBSERVATION);
    }

    #[test]
    fn elements_must_be_known() {
        let of = |value: &str| View::of(TypeId::of("Observation"), &[("_elements".into(), value.into())]);
        assert!(of("status,birthDate").is_err() && of("status,valueQuantity").is_ok());
    }
}
