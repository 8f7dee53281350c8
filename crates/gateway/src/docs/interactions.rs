//! The FHIR interactions of each type. <https://hl7.org/fhir/R4/http.html>
use super::content::{Described, answer, body, empty, patch_body, query, secured};
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
        .operation(HttpMethod::Patch, patch(on, "patchWhere", &["Prefer"]));
    let instance = PathItemBuilder::new()
        .operation(HttpMethod::Get, read(on))
        .operation(HttpMethod::Put, update(on))
        .operation(
            HttpMethod::Patch,
            patch(on, "patch", &["id", "If-Match", "Prefer"]),
        )
        .operation(HttpMethod::Delete, delete(on));
    paths
        .path(format!("/fhir/{name}"), type_level.build())
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

/// Paths of the whole server.
pub fn system(paths: PathsBuilder) -> PathsBuilder {
    let metadata = OperationBuilder::new()
        .tag("Server")
        .operation_id(Some("capabilities"))
        .summary(Some("CapabilityStatement"))
        .response("200", answer("What this server does", "Resource", None));
    let bundle = OperationBuilder::new()
        .tag("Server")
        .operation_id(Some("batchOrTransaction"))
        .summary(Some("A batch, or a transaction that happens as a whole"))
        .request_body(Some(body("Bundle", Some(examples::transaction()))))
        .response(
            "200",
            answer("A response entry for each entry, in order", "Bundle", None),
        )
        .security(secured("system/*.cruds"))
        .refuses(&["400", "401", "413", "422"]);
    let search = OperationBuilder::new()
        .tag("Server")
        .operation_id(Some("searchTypes"))
        .summary(Some("Search over several types, type by type"))
        .parameter(query(
            "_type",
            "Types separated by commas; all the token may search without it",
        ))
        .takes(&RESOURCE_PARAMETERS)
        .takes(&["_count", "_total", "_summary", "_elements", "_cursor"])
        .response("200", answer("A searchset", "Bundle", None))
        .security(secured("system/*.s"))
        .refuses(&["400", "401", "403"]);
    let base = PathItemBuilder::new()
        .operation(HttpMethod::Get, search)
        .operation(HttpMethod::Post, bundle);
    paths
        .path("/fhir/metadata", get(metadata))
        .path("/fhir", base.build())
}

fn get(operation: OperationBuilder) -> utoipa::openapi::PathItem {
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
        .refuses(&["401", "403"])
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
        let text = format!("{} ({:?})", param.expression, param.kind);
        operation = operation.parameter(query(param.code, &text));
    }
    operation
        .takes(&RESOURCE_PARAMETERS)
        .takes(&RESULT_PARAMETERS)
        .refuses(&["400"])
}

/// Composite and special parameters have rules of their own: see `/fhir/metadata`. Those of every
/// resource are described once.
fn served(param: &SearchParam) -> bool {
    !matches!(param.kind, ParamKind::Composite | ParamKind::Special) && !param.code.starts_with('_')
}

const RESOURCE_PARAMETERS: [&str; 6] = ["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"];
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

fn create(on: TypeId) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, "create", "Create", "c")
        .takes(&["If-None-Exist", "Prefer"])
        .request_body(Some(body(schema, examples::of(on))))
        .response("201", answer("Created; Location names the version", schema, None))
        .refuses(&["400", "412", "422"])
}

fn read(on: TypeId) -> OperationBuilder {
    interaction(on, "read", "Read the current version", "r")
        .takes(&["id", "If-None-Match", "_summary", "_elements"])
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
        .refuses(&["404"])
}

fn update(on: TypeId) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, "update", "Update, or create with this id", "u")
        .takes(&["id", "If-Match", "Prefer"])
        .request_body(Some(body(schema, examples::of(on))))
        .response("200", answer("Updated, or unchanged", schema, None))
        .response("201", answer("Created", schema, None))
        .refuses(&["412", "422"])
}

/// By id, or by the search parameters of the address.
fn patch(on: TypeId, verb: &str, parameters: &[&str]) -> OperationBuilder {
    let schema = schemas::name_for(on);
    interaction(on, verb, "Change parts by JSON Patch or FHIRPath Patch", "u")
        .takes(parameters)
        .request_body(Some(patch_body()))
        .response("200", answer("Patched, or unchanged", schema, None))
        .refuses(&["400", "404", "410", "412", "415", "422"])
}

fn delete(on: TypeId) -> OperationBuilder {
    interaction(on, "delete", "Delete; versions stay in the history", "d")
        .takes(&["id"])
        .response("204", empty("Gone"))
}

fn history(on: TypeId, level: &str, letter: &str) -> OperationBuilder {
    let verb = if level == "type" {
        "historyOfAll"
    } else {
        "historyOf"
    };
    interaction(
        on,
        verb,
        &format!("Versions, newest first ({level} level)"),
        letter,
    )
    .takes(&["_since", "_count", "_summary", "_elements"])
    .response("200", answer("A history bundle", "Bundle", None))
}
