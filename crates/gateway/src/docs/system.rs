//! The interactions that are about more than one type: of the whole server, and of compartments.
//! <https://hl7.org/fhir/R4/http.html#operations>
use super::content::{Described, answer, body, parameter, query, search_form, secured};
use super::examples;
use super::interactions::{RESOURCE_PARAMETERS, SEVERAL_PARAMETERS, get, history_of};
use fhir::TypeId;
use fhir::search::compartment::is_focus;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterIn, PathItemBuilder, PathsBuilder};
use utoipa::openapi::schema::Type;

/// Paths of the whole server.
pub fn add(paths: PathsBuilder) -> PathsBuilder {
    let base = PathItemBuilder::new()
        .operation(HttpMethod::Get, several("searchTypes", SEVERAL))
        .operation(HttpMethod::Post, bundle());
    let by_post = several("searchTypesByPost", SEVERAL).request_body(Some(search_form()));
    let by_post = PathItemBuilder::new().operation(HttpMethod::Post, by_post);
    let history = server("historyOfServer", "Versions of everything");
    paths
        .path("/fhir/metadata", get(metadata()))
        .path("/fhir", base.build())
        .path("/fhir/_search", by_post.build())
        .path(
            "/fhir/_history",
            get(history_of(history.security(secured("system/*.s")))),
        )
}

const SEVERAL: &str = "Search over several types, type by type";

fn server(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new()
        .tag("Server")
        .operation_id(Some(id))
        .summary(Some(summary))
}

fn metadata() -> OperationBuilder {
    server("capabilities", "CapabilityStatement")
        .parameter(query("mode", "`full` or `normative`, which are the same here"))
        .takes(&["_summary", "_elements"])
        .response("200", answer("What this server does", "Resource", None))
}

fn bundle() -> OperationBuilder {
    server(
        "batchOrTransaction",
        "A batch, or a transaction that happens as a whole",
    )
    .takes(&["Prefer", "X-Provenance", "X-Purpose-Of-Use"])
    .request_body(Some(body("Bundle", Some(examples::transaction()))))
    .response(
        "200",
        answer("A response entry for each entry, in order", "Bundle", None),
    )
    .security(secured("system/*.cruds"))
    .refuses(&["400", "401", "403", "404", "409", "412", "413", "422"])
}

fn several(id: &str, summary: &str) -> OperationBuilder {
    server(id, summary)
        .takes(&["_type"])
        .takes(&RESOURCE_PARAMETERS)
        .takes(&SEVERAL_PARAMETERS)
        .response("200", answer("A searchset", "Bundle", None))
        .security(secured("system/*.s"))
        .refuses(&["400", "401", "403"])
}

/// Compartments of those of the types that have one. <https://hl7.org/fhir/R4/compartmentdefinition.html>
pub fn compartments(paths: PathsBuilder, types: &[TypeId]) -> PathsBuilder {
    let focuses = types.iter().filter(|on| is_focus(**on));
    focuses.fold(paths, |paths, on| {
        let name = on.name();
        let of = |id: String, summary: String| {
            let found = several(&id, &summary).tag(name).takes(&["id"]);
            found.refuses(&["404", "410"])
        };
        let all = of(
            format!("searchCompartmentOf{name}"),
            format!("Search everything in the compartment of this {name}"),
        );
        let typed = of(
            format!("searchTypeInCompartmentOf{name}"),
            format!("Search one type in the compartment of this {name}, by its own parameters too"),
        )
        .parameter(parameter(
            "type",
            ParameterIn::Path,
            Type::String,
            "Resource type",
        ));
        paths
            .path(format!("/fhir/{name}/{{id}}/*"), get(all))
            .path(format!("/fhir/{name}/{{id}}/{{type}}"), get(typed))
    })
}
