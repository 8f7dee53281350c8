//! From a SearchParameter resource to what each base type gets of it, or to every reason why it
//! cannot be used. <https://hl7.org/fhir/R4/searchparameter.html>
use super::fit::{fits, wanted};
use super::{CustomParams, SearchParam};
use crate::path::Expr;
use crate::registry::{ParamKind, TypeId, registry};
use crate::{Issue, IssueCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longer codes and expressions are no mistake a person makes.
const MAX_CODE: usize = 64;
const MAX_EXPRESSION: usize = 4_000;
const MAX_COMPONENTS: usize = 4;

/// A parameter of one base type; what is the same text is the same parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Definition {
    pub on: String,
    pub code: String,
    pub url: String,
    pub kind: String,
    pub expression: String,
    #[serde(default)]
    pub targets: Vec<String>,
    /// For composites: codes on the same base, each with its path in the element.
    #[serde(default)]
    pub components: Vec<(String, String)>,
}

/// Modifiers a definition may list, by type. Searches take all of their type, listed or not.
const MODIFIERS: [(ParamKind, &[&str]); 8] = [
    (
        ParamKind::Token,
        &[
            "missing", "not", "text", "in", "not-in", "above", "below", "ofType",
        ],
    ),
    (ParamKind::Reference, &["missing", "type", "identifier"]),
    (ParamKind::String, &["missing", "exact", "contains"]),
    (ParamKind::Uri, &["missing", "above", "below"]),
    (ParamKind::Date, &["missing"]),
    (ParamKind::Number, &["missing"]),
    (ParamKind::Quantity, &["missing"]),
    (ParamKind::Composite, &[]),
];

const COMPARABLE: [ParamKind; 3] = [ParamKind::Date, ParamKind::Number, ParamKind::Quantity];

/// What an active definition says wrong by itself, whatever else a database holds.
pub fn problems(resource: &Value) -> Vec<Issue> {
    read(resource, None).err().unwrap_or_default()
}

/// The parameters of a definition, one per base type. None where it is not active, or where R4's
/// own parameter, which it is derived from, is what serves it. Without `custom` it is not asked
/// whether components exist.
pub fn read(resource: &Value, custom: Option<&CustomParams>) -> Result<Vec<Definition>, Vec<Issue>> {
    if text(resource, "status") != Some("active") {
        return Ok(Vec::new());
    }
    let mut reading = Reading {
        resource,
        custom,
        issues: Vec::new(),
    };
    let found = reading.definitions();
    if reading.issues.is_empty() {
        Ok(found)
    } else {
        Err(reading.issues)
    }
}

struct Reading<'a> {
    resource: &'a Value,
    custom: Option<&'a CustomParams>,
    issues: Vec<Issue>,
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str()
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A canonical without its version.
fn unversioned(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or(canonical)
}

impl Reading<'_> {
    fn refuse(&mut self, element: &str, code: IssueCode, rule: impl Into<String>) {
        let at = format!("SearchParameter.{element}");
        self.issues.push(Issue::error(code, rule).at(at));
    }

    fn definitions(&mut self) -> Vec<Definition> {
        let (code, kind, bases) = (self.code(), self.kind(), self.bases());
        self.url();
        self.usage();
        let (Some(code), Some(kind)) = (code, kind) else {
            return Vec::new();
        };
        self.modifiers(kind);
        let Some((text, path)) = self.expression() else {
            return Vec::new();
        };
        let targets = self.targets(kind);
        let mut found = Vec::new();
        for on in bases {
            if self.is_official(on, &code, kind) {
                continue;
            }
            self.fits(on, kind, &path);
            let definition = Definition {
                on: on.name().to_owned(),
                code: code.clone(),
                url: self::text(self.resource, "url").unwrap_or_default().to_owned(),
                kind: kind.code().to_owned(),
                expression: text.clone(),
                targets: targets.clone(),
                components: self.components(on, kind, &path),
            };
            found.push(definition);
        }
        found
    }

    fn code(&mut self) -> Option<String> {
        let code = text(self.resource, "code")?;
        let starts = code.starts_with(|c: char| c.is_ascii_alphabetic());
        let plain = code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if starts && plain && code.len() <= MAX_CODE {
            return Some(code.to_owned());
        }
        let rule = "A code is a letter followed by letters, digits, '-' and '_', at most 64: other characters \
                    mean something in searches, and names with '_' in front are R4's";
        self.refuse("code", IssueCode::Value, rule);
        None
    }

    fn kind(&mut self) -> Option<ParamKind> {
        let kind = ParamKind::named(text(self.resource, "type")?)?;
        if kind == ParamKind::Special {
            let rule = "What a special parameter means cannot be told from a definition; choose another type";
            self.refuse("type", IssueCode::NotSupported, rule);
            return None;
        }
        Some(kind)
    }

    /// The resource types; an abstract base is all of them.
    fn bases(&mut self) -> Vec<TypeId> {
        let mut bases = Vec::new();
        for (at, name) in items(self.resource, "base").iter().enumerate() {
            match name.as_str().map(|name| (name, TypeId::of(name))) {
                Some((_, Some(on))) => bases.push(on),
                Some(("Resource" | "DomainResource", None)) => bases.extend(registry().types()),
                _ => self.refuse(
                    &format!("base[{at}]"),
                    IssueCode::CodeInvalid,
                    "A base is a resource type of R4",
                ),
            }
        }
        bases.sort_unstable();
        bases.dedup();
        bases
    }

    fn url(&mut self) {
        let url = text(self.resource, "url").unwrap_or_default();
        let types = registry().types().iter();
        let official = types
            .flat_map(|on| registry().params(*on))
            .any(|param| param.url == url);
        // Guides' own parameters that are built in are taken where they say the same.
        if official && url.starts_with("http://hl7.org/fhir/SearchParameter/") {
            let rule = "R4 itself defines this parameter, and it is built in: it cannot be defined again. Give a \
                        parameter of your own a url of its own, or keep R4's definition with another status";
            self.refuse("url", IssueCode::BusinessRule, rule);
        }
    }

    /// <https://hl7.org/fhir/R4/valueset-search-xpath-usage.html>
    fn usage(&mut self) {
        if text(self.resource, "xpathUsage").is_some_and(|usage| usage != "normal") {
            let rule = "Only values as they are (normal) are indexed, not by sound, place or distance";
            self.refuse("xpathUsage", IssueCode::NotSupported, rule);
        }
    }

    fn modifiers(&mut self, kind: ParamKind) {
        let known = MODIFIERS
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or(&[][..], |(_, all)| all);
        for (at, modifier) in items(self.resource, "modifier").iter().enumerate() {
            if !modifier
                .as_str()
                .is_some_and(|modifier| known.contains(&modifier))
            {
                let rule = match known {
                    [] => format!("A {} parameter takes no modifier", kind.code()),
                    known => format!(
                        "A {} parameter takes the modifiers {}",
                        kind.code(),
                        known.join(", ")
                    ),
                };
                self.refuse(&format!("modifier[{at}]"), IssueCode::NotSupported, rule);
            }
        }
        for (at, comparator) in items(self.resource, "comparator").iter().enumerate() {
            if !COMPARABLE.contains(&kind) && comparator != "eq" {
                let rule = "Dates, numbers and quantities are compared; a parameter of another type is not";
                self.refuse(&format!("comparator[{at}]"), IssueCode::NotSupported, rule);
            }
        }
    }

    fn expression(&mut self) -> Option<(String, Expr)> {
        let Some(text) = text(self.resource, "expression") else {
            let rule = "An active parameter needs the FHIRPath expression that finds its values";
            self.refuse("expression", IssueCode::Required, rule);
            return None;
        };
        if text.len() > MAX_EXPRESSION {
            let rule = format!("An expression is at most {MAX_EXPRESSION} characters long");
            self.refuse("expression", IssueCode::TooLong, rule);
            return None;
        }
        match Expr::compile(text) {
            Ok(path) => Some((text.to_owned(), path)),
            Err(error) => {
                self.refuse("expression", IssueCode::Invalid, error.to_string());
                None
            }
        }
    }

    fn targets(&mut self, kind: ParamKind) -> Vec<String> {
        let given = items(self.resource, "target");
        if kind != ParamKind::Reference && !given.is_empty() {
            let rule = "Only a reference parameter has targets";
            self.refuse("target", IssueCode::BusinessRule, rule);
        }
        let mut targets = Vec::new();
        for (at, name) in given.iter().enumerate() {
            match name.as_str().map(|name| (name, TypeId::of(name))) {
                Some((name, Some(_))) => targets.push(name.to_owned()),
                // Whatever the reference says.
                Some(("Resource" | "DomainResource", None)) => return Vec::new(),
                _ => self.refuse(
                    &format!("target[{at}]"),
                    IssueCode::CodeInvalid,
                    "A target is a resource type of R4",
                ),
            }
        }
        targets
    }

    /// Whether the built-in parameter of that code serves the definition; refuses those that clash.
    fn is_official(&mut self, on: TypeId, code: &str, kind: ParamKind) -> bool {
        let Some(official) = registry().param(on, code) else {
            return false;
        };
        let same = ["url", "derivedFrom"]
            .iter()
            .any(|from| text(self.resource, from).map(unversioned) == Some(official.url));
        if same && official.kind == kind {
            return true;
        }
        let rule = format!(
            "{} has the parameter '{code}' already ({}); choose another code, or say derivedFrom that one, with its \
             type, when the definition means the same",
            on.name(),
            official.url
        );
        self.refuse("code", IssueCode::Duplicate, rule);
        false
    }

    /// The expression against the definitions of the base, and its values against the type.
    fn fits(&mut self, on: TypeId, kind: ParamKind, path: &Expr) {
        let types = match path.types(on) {
            Ok(None) => return,
            Ok(Some(types)) => types,
            Err(error) => {
                return self.refuse(
                    "expression",
                    IssueCode::Invalid,
                    format!("On {}: {error}", on.name()),
                );
            }
        };
        if types.is_empty() {
            let rule = format!(
                "Nothing in the expression is about {}, which is a base",
                on.name()
            );
            return self.refuse("expression", IssueCode::Invalid, rule);
        }
        if kind != ParamKind::Composite && !types.iter().any(|of| fits(kind, of)) {
            let rule = format!(
                "On {} the expression yields {}, which a {} parameter cannot index; it takes {}",
                on.name(),
                types.join(", "),
                kind.code(),
                taken(kind)
            );
            self.refuse("expression", IssueCode::BusinessRule, rule);
        }
    }

    fn components(&mut self, on: TypeId, kind: ParamKind, path: &Expr) -> Vec<(String, String)> {
        let given = items(self.resource, "component");
        if kind != ParamKind::Composite {
            if !given.is_empty() {
                self.refuse(
                    "component",
                    IssueCode::BusinessRule,
                    "Only a composite has components",
                );
            }
            return Vec::new();
        }
        if !(2..=MAX_COMPONENTS).contains(&given.len()) {
            let rule = format!("A composite joins two to {MAX_COMPONENTS} components");
            self.refuse("component", IssueCode::BusinessRule, rule);
        }
        let each = given.iter().enumerate();
        each.filter_map(|(at, component)| self.component(on, path, at, component))
            .collect()
    }

    fn component(
        &mut self,
        on: TypeId,
        whole: &Expr,
        at: usize,
        component: &Value,
    ) -> Option<(String, String)> {
        let path = text(component, "expression").unwrap_or_default();
        if let Err(error) = Expr::compile(path) {
            self.refuse(
                &format!("component[{at}].expression"),
                IssueCode::Invalid,
                error.to_string(),
            );
        } else if let Err(error) = whole.then_types(path, on) {
            self.refuse(&format!("component[{at}].expression"), IssueCode::Invalid, error);
        }
        let definition = text(component, "definition").map(unversioned).unwrap_or_default();
        match self.part(on, definition) {
            Some(part) if part.kind != ParamKind::Composite => Some((part.code.to_owned(), path.to_owned())),
            None if self.custom.is_none() => None,
            _ => {
                let rule = format!(
                    "A component is defined by the canonical url of a parameter of {} that is not a composite",
                    on.name()
                );
                self.refuse(&format!("component[{at}].definition"), IssueCode::NotFound, rule);
                None
            }
        }
    }

    fn part(&self, on: TypeId, url: &str) -> Option<&'static SearchParam> {
        let official = registry().params(on).iter().find(|param| param.url == url);
        let custom = self.custom.map_or(&[][..], |custom| custom.of(on));
        official.or_else(|| custom.iter().map(|one| one.param).find(|param| param.url == url))
    }
}

fn taken(kind: ParamKind) -> String {
    match wanted(kind) {
        [] => "uris".to_owned(),
        types => format!("{} and the primitives of its kind", types.join(", ")),
    }
}
