//! Small pieces every path needs: bodies, answers, parameters.
use serde_json::Value;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ComponentsBuilder, Content, ContentBuilder, Ref, Required, Response, ResponseBuilder};

pub const FHIR_JSON: &str = "application/fhir+json";

pub fn secured(scope: &str) -> SecurityRequirement {
    SecurityRequirement::new("oauth", [scope.to_string()])
}

pub fn of_schema(schema: &str, example: Option<Value>) -> Content {
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .example(example)
        .build()
}

pub fn body(schema: &str, example: Option<Value>) -> RequestBody {
    RequestBodyBuilder::new()
        .content(FHIR_JSON, of_schema(schema, example))
        .required(Some(Required::True))
        .build()
}

/// Search parameters as a form.
pub fn search_form() -> RequestBody {
    let form = ObjectBuilder::new()
        .description(Some(
            "Search parameters as GET takes them; each may be there several times",
        ))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .build();
    let form = ContentBuilder::new().schema(Some(form)).build();
    RequestBodyBuilder::new()
        .description(Some("Search form"))
        .content("application/x-www-form-urlencoded", form)
        .build()
}

/// JSON Patch, JSON Merge Patch, or Parameters of a FHIRPath Patch.
pub fn patch_body() -> RequestBody {
    let operations = ArrayBuilder::new().items(ObjectBuilder::new()).build();
    let json_patch = ContentBuilder::new().schema(Some(operations)).build();
    let part = ObjectBuilder::new()
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .build();
    let merge_patch = ContentBuilder::new().schema(Some(part)).build();
    RequestBodyBuilder::new()
        .description(Some("Patch"))
        .content("application/json-patch+json", json_patch)
        .content("application/merge-patch+json", merge_patch)
        .content(FHIR_JSON, of_schema("Parameters", None))
        .required(Some(Required::True))
        .build()
}

pub fn answer(text: &str, schema: &str, example: Option<Value>) -> Response {
    ResponseBuilder::new()
        .description(text)
        .content(FHIR_JSON, of_schema(schema, example))
        .build()
}

/// Refusals, each said once for the whole document: status, name, text.
pub const REFUSALS: [(&str, &str, &str); 11] = [
    (
        "400",
        "Invalid",
        "The request cannot be understood; the issues name the parameter or element",
    ),
    ("401", "Unauthorized", "No valid token"),
    ("403", "Forbidden", "The token's scopes do not cover this"),
    ("404", "NotFound", "There is no such thing"),
    ("410", "Gone", "Deleted; its versions are in the history"),
    (
        "409",
        "Conflict",
        "Others refer to it, and this server requires their references to lead somewhere",
    ),
    (
        "412",
        "PreconditionFailed",
        "A condition of the headers does not hold, or criteria find several",
    ),
    ("413", "TooLarge", "The body is larger than allowed"),
    ("415", "UnsupportedMediaType", "Not a media type this door takes"),
    (
        "422",
        "Unprocessable",
        "Breaks rules of the specification; each issue names its element",
    ),
    (
        "429",
        "Throttled",
        "Too many requests in too little time; wait as Retry-After says",
    ),
];

/// Parameters of many paths, each described once: name, place, text.
pub const SHARED: [(&str, ParameterIn, &str); 30] = [
    ("id", ParameterIn::Path, "Logical id"),
    ("version", ParameterIn::Path, "Version id"),
    ("If-Match", ParameterIn::Header, "The ETag the change is based on"),
    (
        "If-None-Match",
        ParameterIn::Header,
        "An ETag: 304 when unchanged. `*` when writing: only if it is not there",
    ),
    (
        "If-Modified-Since",
        ParameterIn::Header,
        "An HTTP date: 304 when not changed since",
    ),
    (
        "If-None-Exist",
        ParameterIn::Header,
        "Search parameters: create only when nothing matches",
    ),
    (
        "Prefer",
        ParameterIn::Header,
        "return=minimal, representation or OperationOutcome",
    ),
    (
        "X-Provenance",
        ParameterIn::Header,
        "A Provenance in one line of JSON: where what is written comes from. Its target is filled in; in a transaction it may name entries by their fullUrl, as its other references may",
    ),
    (
        "X-Purpose-Of-Use",
        ParameterIn::Header,
        "Why it is asked for, such as TREAT; recorded in the audit",
    ),
    ("_id", ParameterIn::Query, "Logical ids"),
    (
        "_lastUpdated",
        ParameterIn::Query,
        "When the current version was written",
    ),
    ("_profile", ParameterIn::Query, "Profiles it claims to follow"),
    ("_security", ParameterIn::Query, "Security labels"),
    ("_source", ParameterIn::Query, "Where it comes from"),
    ("_tag", ParameterIn::Query, "Tags"),
    (
        "_text",
        ParameterIn::Query,
        "Words of the narrative: all of them, \"phrases\", OR",
    ),
    ("_content", ParameterIn::Query, "Words anywhere in the resource"),
    (
        "_filter",
        ParameterIn::Query,
        "`name operator value`, joined by and, or, not(...)",
    ),
    ("_list", ParameterIn::Query, "Items of the List of that id"),
    (
        "_type",
        ParameterIn::Query,
        "Types separated by commas; all the token may search without it",
    ),
    ("_since", ParameterIn::Query, "Only versions since this instant"),
    (
        "_at",
        ParameterIn::Query,
        "Versions that were current then: at an instant, or within a date",
    ),
    ("_count", ParameterIn::Query, "Page size"),
    (
        "_sort",
        ParameterIn::Query,
        "Parameters to sort by, `-` for descending; in histories `_lastUpdated` or `-_lastUpdated`",
    ),
    (
        "_include",
        ParameterIn::Query,
        "`Type:parameter[:Target]`: referenced resources come along",
    ),
    (
        "_revinclude",
        ParameterIn::Query,
        "`Type:parameter`: resources that refer to the matches come along",
    ),
    (
        "_total",
        ParameterIn::Query,
        "`none` (default), `estimate` or `accurate`",
    ),
    (
        "_summary",
        ParameterIn::Query,
        "`true`, `text` or `data`; in searches `count` for the number alone",
    ),
    (
        "_elements",
        ParameterIn::Query,
        "Elements to show, separated by commas; mandatory ones are there anyway",
    ),
    ("_cursor", ParameterIn::Query, "From a paging link"),
];

/// Writing operations as prose.
pub trait Described {
    /// Takes these parameters, by reference.
    fn takes(self, names: &[&str]) -> Self;
    /// May be refused with these statuses, by reference.
    fn refuses(self, statuses: &[&str]) -> Self;
}

impl Described for OperationBuilder {
    fn takes(self, names: &[&str]) -> Self {
        let reference = |name: &&str| Ref::new(format!("#/components/parameters/{name}"));
        names
            .iter()
            .map(reference)
            .fold(self, OperationBuilder::parameter_ref)
    }

    fn refuses(self, statuses: &[&str]) -> Self {
        let known = REFUSALS.iter().filter(|(status, ..)| statuses.contains(status));
        known.fold(self, |operation, (status, name, _)| {
            operation.response(*status, Ref::from_response_name(*name))
        })
    }
}

/// What `takes` and `refuses` refer to.
pub fn add_shared(builder: ComponentsBuilder) -> ComponentsBuilder {
    let builder = SHARED.iter().fold(builder, |builder, (name, place, text)| {
        builder.parameter(*name, parameter(name, place.clone(), Type::String, text))
    });
    let statuses = REFUSALS.map(|(status, _, text)| format!("{status}: {text}."));
    let any = answer(&statuses.join(" "), "OperationOutcome", None);
    REFUSALS
        .iter()
        .fold(builder.response("Refused", any), |builder, (_, name, text)| {
            builder.response(*name, answer(text, "OperationOutcome", None))
        })
}

pub fn empty(text: &str) -> Response {
    Response::new(text)
}

pub fn parameter(name: &str, place: ParameterIn, of: Type, text: &str) -> Parameter {
    let required = if place == ParameterIn::Path {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(text))
        .schema(Some(
            ObjectBuilder::new().schema_type(SchemaType::new(of)).build(),
        ))
        .build()
}

pub fn query(name: &str, text: &str) -> Parameter {
    parameter(name, ParameterIn::Query, Type::String, text)
}
