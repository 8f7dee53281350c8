//! The FHIR interactions of each type. <https://hl7.org/fhir/R4/http.html>
use super::content::{Described, answer, body, empty, patch_body, query, search_form, secured};
use super::{examples, schemas};
use fhir::registry::{ParamKind, SearchParam};
use fhir::{TypeId, registry};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItemBuilder, PathsBuilder};

/// All paths of one type.
pub fn add(paths: PathsBuilder, on: TypeId) -> PathsBuilder {
    let name = on.name();
    let type_level = PathItemBuilder::new()
        .operation(HttpMethod::Get, search(on))
        .operation(HttpMethod::Post, create(on))
        .operation(HttpMethod::Put, update_where(on))
        .operation(
            HttpMethod::Patch,
            patch(on, "patchWhere", &["If-Match", "Prefer", "X-Provenance"]),
        )
        .operation(HttpMethod::Delete, delete_where(on));
    let by_post = PathItemBuilder::new().operation(HttpMethod::Post, search_by_post(on));
    let instance = PathItemBuilder::new()
        .operation(HttpMethod::Get, read(on))
        .operation(HttpMethod::Put, update(on))
        .operation(
            HttpMethod::Patch,
            patch(on, "patch", &["id", "If-Match", "Prefer", "X-Provenance"]),
        )
        .operation(HttpMethod::Delete, delete(on));
    paths
        .path(format!("/fhir/{name}"), type_level.build())
        .path(format!("/fhir/{name}/_search"), by_post.build())
        .path(format!("/fhir/{name}/{{id}}"), instance.build())
        .path(
            format!("/fhir/{name}/{{id}}/_history"),
            get(history(on, "instance", "r").takes(&["id"])),
        )
        .path(
            format!("/fhir/{name}/{{id}}/_history/{{version}}"),
            get(vread(on)),
        )
        .path(format!("/fhir/{name}/_history"), get(history(on, "type", "s")))
}

pub fn get(operation: OperationBuilder) -> utoipa::openapi::PathItem {
    PathItemBuilder::new()
        .operation(HttpMethod::Get, operation)
        .build()
}

/// What all interactions of a type have in common.
fn interaction(on: TypeId, verb: &str, summary: &str, letter: &str) -> OperationBuilder {
    let name = on.name();
    OperationBuilder::new()
        .tag(name)
        .operation_id(Some(format!("{verb}{name}")))
        .summary(Some(summary))
        .security(secured(&format!("system/{name}.{letter}")))
        .takes(&["X-Purpose-Of-Use"])
        .refuses(&["401", "403", "429"])
}

fn search(on: TypeId) -> OperationBuilder {
    let mut operation = interaction(
        on,
        "search",
        "Search; parameters repeat for AND, commas are OR",
        "s",
    )
    .response("200", answer("A searchset", "Bundle", None));
    for param in registry().params(on).iter().filter(|param| served(param)) {
        operation = operation.parameter(query(param.code, &meaning(param)));
    }
    operation
        .takes(&RESOURCE_PARAMETERS)
        .takes(&RESULT_PARAMETERS)
        .refuses(&["400"])
}

/// The same by POST: nothing of it stands in logs of addresses.
fn search_by_post(on: TypeId) -> OperationBuilder {
    let summary = "Search by the parameters of GET, sent as a form";
    interaction(on, "searchByPost", summary, "s")
        .request_body(Some(search_form()))
        .response("200", answer("A searchset", "Bundle", None))
        .refuses(&["400", "415"])
}

/// Those of every resource are described once.
fn served(param: &SearchParam) -> bool {
    !param.code.starts_with('_')
}

/// What the values are: of a composite its parts.
fn meaning(param: &SearchParam) -> String {
    match param.kind {
        ParamKind::Composite => {
            let parts: Vec<_> = param.components.iter().map(|(code, _)| *code).collect();
            format!("{} (Composite)", parts.join("$"))
        }
        kind => format!("{} ({kind:?})", param.expression),
    }
}

pub const RESOURCE_PARAMETERS: [&str; 10] = [
    "_id",
    "_lastUpdated",
    "_profile",
    "_security",
    "_source",
    "_tag",
    "_text",
    "_content",
    "_filter",
    "_list",
];
const RESULT_PARAMETERS: [&str; 8] = [
    "_elements",
    "_count",
    "_sort",
    "_include",
    "_revinclude",
    "_total",
    "_summary",
    "_cursor",
];
/// Where several types are searched.
pub const SEVERAL_PARAMETERS: [&str; 5] = ["_count", "_total", "_summary", "_elements", "_cursor"];

fn create(on: TypeId) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, "create", "Create, unless If-None-Exist finds one", "c")
        .takes(&["If-None-Exist", "Prefer", "X-Provenance"])
        .request_body(Some(body(schema, examples::of(on))))
        .response("200", answer("There is one already", schema, None))
        .response("201", answer("Created; Location names the version", schema, None))
        .refuses(&["400", "412", "413", "415", "422"])
}

fn read(on: TypeId) -> OperationBuilder {
    interaction(on, "read", "Read the current version", "r")
        .takes(&[
            "id",
            "If-None-Match",
            "If-Modified-Since",
            "_summary",
            "_elements",
        ])
        .response(
            "200",
            answer(
                "The resource, byte for byte as it was written",
                schemas::name_for(on),
                examples::of(on),
            ),
        )
        .response("304", empty("Not modified"))
        .refuses(&["404", "410"])
}

fn vread(on: TypeId) -> OperationBuilder {
    interaction(on, "vread", "Read one version", "r")
        .takes(&["id", "version", "_summary", "_elements"])
        .response("200", answer("That version", schemas::name_for(on), None))
        .refuses(&["404", "410"])
}

fn update(on: TypeId) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, "update", "Update, or create with this id", "u")
        .takes(&["id", "If-Match", "If-None-Match", "Prefer", "X-Provenance"])
        .request_body(Some(body(schema, examples::of(on))))
        .response("200", answer("Updated, or unchanged", schema, None))
        .response("201", answer("Created; Location names the version", schema, None))
        .refuses(&["400", "412", "413", "415", "422"])
}

fn update_where(on: TypeId) -> OperationBuilder {
    let schema = schemas::name_for(on);
    let summary = "Update what the search parameters of the address find, or create it";
    interaction(on, "updateWhere", summary, "u")
        .takes(&["If-Match", "If-None-Match", "Prefer", "X-Provenance"])
        .request_body(Some(body(schema, None)))
        .response("200", answer("Updated, or unchanged", schema, None))
        .response("201", answer("Created; Location names the version", schema, None))
        .refuses(&["400", "412", "413", "415", "422"])
}

/// By id, or by the search parameters of the address.
fn patch(on: TypeId, verb: &str, parameters: &[&str]) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, verb, "Change parts by JSON Patch or FHIRPath Patch", "u")
        .takes(parameters)
        .request_body(Some(patch_body()))
        .response("200", answer("Patched, or unchanged", schema, None))
        .refuses(&["400", "404", "410", "412", "413", "415", "422"])
}

fn delete(on: TypeId) -> OperationBuilder {
    interaction(on, "delete", "Delete; versions stay in the history", "d")
        .takes(&["id", "If-Match", "Prefer"])
        .response("204", empty("Gone"))
        .refuses(&["409", "412"])
}

fn delete_where(on: TypeId) -> OperationBuilder {
    let summary =
        "Delete what the search parameters of the address find, as far as limits.conditional_delete goes";
    interaction(on, "deleteWhere", summary, "d")
        .takes(&["If-Match", "Prefer"])
        .response("200", answer("How many were deleted", "OperationOutcome", None))
        .response("204", empty("Gone"))
        .refuses(&["400", "409", "412"])
}

fn history(on: TypeId, level: &str, letter: &str) -> OperationBuilder {
    let verb = if level == "type" {
        "historyOfAll"
    } else {
        "historyOf"
    };
    history_of(interaction(
        on,
        verb,
        &format!("Versions ({level} level)"),
        letter,
    ))
}

/// What all histories take and answer.
pub fn history_of(operation: OperationBuilder) -> OperationBuilder {
    operation
        .takes(&[
            "_since",
            "_at",
            "_count",
            "_sort",
            "_summary",
            "_elements",
            "_cursor",
        ])
        .response("200", answer("A history bundle", "Bundle", None))
        .refuses(&["400", "401", "403"])
}
