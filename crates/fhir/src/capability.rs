//! What this server can do, told from the registry. <https://hl7.org/fhir/R4/capabilitystatement.html>
//!
//! The registry says which types and search parameters there are; the caller says what it serves
//! over HTTP. Nothing is claimed that is not in one of the two.
use crate::TypeId;
use crate::registry::{CustomParams, ParamKind, SearchParam, registry};
use crate::search::compartment::is_focus;
use serde_json::{Map, Value, json};

/// What the HTTP side offers.
#[derive(Clone, Debug, Default)]
pub struct Support<'a> {
    /// FHIR base URL.
    pub base: &'a str,
    pub software_version: &'a str,
    /// FHIR date or dateTime of the release.
    pub date: &'a str,
    pub formats: &'a [&'a str],
    pub patch_formats: &'a [&'a str],
    /// On every type, such as `read`, `vread`, `create`, `search-type`.
    pub type_interactions: &'a [&'a str],
    /// `transaction`, `batch`, `history-system`.
    pub system_interactions: &'a [&'a str],
    pub update_create: bool,
    pub conditional_create: bool,
    pub conditional_read: bool,
    pub conditional_update: bool,
    /// How many resources one may remove; 0 for none.
    pub conditional_delete: usize,
    /// Types whose references must lead somewhere.
    pub enforced: &'a [TypeId],
    pub operations: &'a [Operation<'a>],
    /// Absent when authorization is off.
    pub oauth: Option<OAuth<'a>>,
    /// Search parameters beyond R4's.
    pub custom: &'a CustomParams,
    /// Canonicals of CapabilityStatements this one fulfils.
    pub instantiates: &'a [&'a str],
}

#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Without the `$`.
    pub name: &'a str,
    pub definition: &'a str,
    /// None is the system level.
    pub on: Option<TypeId>,
}

#[derive(Clone, Copy, Debug)]
pub struct OAuth<'a> {
    pub token: &'a str,
    pub authorize: &'a str,
    /// Where apps may register themselves.
    pub register: Option<&'a str>,
}

pub fn capability(support: &Support) -> Value {
    let mut statement = json!({
        "resourceType": "CapabilityStatement",
        "url": format!("{}/metadata", support.base),
        "name": "Baton",
        "title": "Baton care coordination server",
        "status": "active",
        "date": support.date,
        "publisher": "Baton",
        "kind": "instance",
        "software": {"name": "Baton", "version": support.software_version},
        "implementation": {"description": "Baton care coordination server", "url": support.base},
        "fhirVersion": "4.0.1",
        "format": support.formats,
        "patchFormat": support.patch_formats,
        "rest": [rest(support)],
    });
    if !support.instantiates.is_empty() {
        statement["instantiates"] = json!(support.instantiates);
    }
    statement
}

fn rest(support: &Support) -> Value {
    let resources: Vec<_> = registry()
        .types()
        .iter()
        .map(|on| resource(*on, support))
        .collect();
    let mut rest = Map::new();
    rest.insert("mode".into(), json!("server"));
    if let Some(oauth) = &support.oauth {
        rest.insert("security".into(), security(oauth));
    }
    rest.insert("resource".into(), json!(resources));
    list(&mut rest, "interaction", codes(support.system_interactions));
    list(
        &mut rest,
        "searchParam",
        ON_EVERY_TYPE.iter().map(everywhere).collect(),
    );
    list(&mut rest, "operation", operations(support, None));
    list(&mut rest, "compartment", compartments());
    Value::Object(rest)
}

/// <https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html>
fn security(oauth: &OAuth) -> Value {
    let uri = |name: &str, value: &str| json!({"url": name, "valueUri": value});
    let mut uris = vec![uri("token", oauth.token), uri("authorize", oauth.authorize)];
    uris.extend(oauth.register.map(|url| uri("register", url)));
    json!({
        "extension": [{
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": uris,
        }],
        "cors": true,
        "service": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
            "code": "SMART-on-FHIR",
        }]}],
    })
}

fn resource(on: TypeId, support: &Support) -> Value {
    let mut resource = Map::new();
    let conditional_read = if support.conditional_read {
        "full-support"
    } else {
        "not-supported"
    };
    let conditional_delete = match support.conditional_delete {
        0 => "not-supported",
        1 => "single",
        _ => "multiple",
    };
    let mut put = |name: &str, value: Value| resource.insert(name.to_string(), value);
    put("type", json!(on.name()));
    put(
        "profile",
        json!(format!("http://hl7.org/fhir/StructureDefinition/{}", on.name())),
    );
    put("interaction", json!(codes(support.type_interactions)));
    put("versioning", json!("versioned-update"));
    put("readHistory", json!(true));
    put("updateCreate", json!(support.update_create));
    put("conditionalCreate", json!(support.conditional_create));
    put("conditionalRead", json!(conditional_read));
    put("conditionalUpdate", json!(support.conditional_update));
    put("conditionalDelete", json!(conditional_delete));
    put("referencePolicy", json!(policy(on, support)));
    list(&mut resource, "searchInclude", includes(on, support));
    list(&mut resource, "searchRevInclude", reverse_includes(on, support));
    list(&mut resource, "searchParam", search_params(on, support));
    list(&mut resource, "operation", operations(support, Some(on)));
    Value::Object(resource)
}

/// <https://hl7.org/fhir/R4/valueset-reference-handling-policy.html>
fn policy(on: TypeId, support: &Support) -> Vec<&'static str> {
    let enforced = support.enforced.contains(&on).then_some("enforced");
    ["literal", "logical"].into_iter().chain(enforced).collect()
}

/// FHIR has no empty arrays.
fn list(into: &mut Map<String, Value>, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        into.insert(name.to_string(), Value::Array(items));
    }
}

fn codes(interactions: &[&str]) -> Vec<Value> {
    interactions.iter().map(|code| json!({"code": code})).collect()
}

fn operations(support: &Support, on: Option<TypeId>) -> Vec<Value> {
    let own = support.operations.iter().filter(|operation| operation.on == on);
    own.map(|operation| json!({"name": operation.name, "definition": operation.definition}))
        .collect()
}

/// <https://hl7.org/fhir/R4/compartmentdefinition.html>
fn compartments() -> Vec<Value> {
    let focuses = registry().types().iter().filter(|on| is_focus(**on));
    let canonical = |on: &TypeId| {
        let name = on.name().to_lowercase();
        json!(format!("http://hl7.org/fhir/CompartmentDefinition/{name}"))
    };
    focuses.map(canonical).collect()
}

fn references(on: TypeId, support: &Support) -> impl Iterator<Item = &'static SearchParam> {
    let official = registry().params(on).iter();
    official
        .chain(support.custom.serving(on))
        .filter(|param| param.kind == ParamKind::Reference)
}

fn includes(on: TypeId, support: &Support) -> Vec<Value> {
    let named = references(on, support).map(|param| json!(format!("{}:{}", on.name(), param.code)));
    std::iter::once(json!("*")).chain(named).collect()
}

/// Only parameters that name the type; those that may refer to anything would repeat everywhere.
fn reverse_includes(on: TypeId, support: &Support) -> Vec<Value> {
    let all = registry()
        .types()
        .iter()
        .flat_map(|from| references(*from, support));
    let here = all.filter(|param| param.targets.contains(&on));
    here.map(|param| json!(format!("{}:{}", param.on.name(), param.code)))
        .collect()
}

/// What every search takes and no registry row says.
const ON_EVERY_TYPE: [(&str, &str, &str); 5] = [
    (
        "_text",
        "string",
        "Words of the narrative: all of them, \"phrases\", OR. Narrow it by other parameters",
    ),
    (
        "_content",
        "string",
        "Words anywhere in the resource: all of them, \"phrases\", OR. Narrow it by other parameters",
    ),
    (
        "_filter",
        "special",
        "name operator value, joined by and, or, not(...)",
    ),
    ("_list", "special", "Items of the List of that id"),
    ("_has", "special", "_has:Type:reference-parameter:parameter"),
];

fn everywhere((name, kind, documentation): &(&str, &str, &str)) -> Value {
    json!({"name": name, "type": kind, "documentation": documentation})
}

fn search_params(on: TypeId, support: &Support) -> Vec<Value> {
    let own = support.custom.serving(on);
    let official = registry().params(on).iter();
    official.chain(own).map(search_param).collect()
}

fn search_param(param: &SearchParam) -> Value {
    json!({
        "name": param.code,
        "definition": param.url,
        "type": param.kind.code(),
        "documentation": documentation(param),
    })
}

fn documentation(param: &SearchParam) -> String {
    match (&param.kind, param.expression) {
        (ParamKind::Composite, _) => {
            let parts: Vec<_> = param.components.iter().map(|(code, _)| *code).collect();
            format!("{} joined by $", parts.join(" and "))
        }
        (_, path) => path.to_string(),
    }
}

#[cfg(test)]
mod tests;
