//! The doors of administration: clients kept by a program.
use super::content::secured;
use super::doors::operation;
use super::oauth::{json_answer, json_body};
use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Required, ResponseBuilder};

pub fn add(paths: PathsBuilder) -> PathsBuilder {
    paths
        .path("/admin/clients", all())
        .path("/admin/clients/{id}", single())
        .path(
            "/admin/clients/{id}/secret",
            posted(
                "rotateClientSecret",
                "A new secret, shown this once; the old one ends",
            ),
        )
        .path(
            "/admin/clients/{id}/disable",
            posted("disableClient", "Refuses the client and its tokens from now on"),
        )
        .path(
            "/admin/clients/{id}/enable",
            posted("enableClient", "Takes the client again"),
        )
}

fn client() -> Value {
    json!({
        "client_id": "0199…", "client_id_issued_at": 1_795_000_000, "client_name": "Registry",
        "redirect_uris": [], "grant_types": ["client_credentials"], "response_types": [],
        "token_endpoint_auth_method": "client_secret_basic", "scope": "system/Patient.rs"
    })
}

fn all() -> PathItem {
    let list = described("listClients", "All clients, without secrets", "s")
        .response("200", json_answer("The clients", json!({"clients": [client()]})));
    let create = changing(
        "createClient",
        "A new client (RFC 7591); a secret is shown this once",
        "c",
    )
    .request_body(Some(json_body(json!({
        "client_name": "Registry", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "scope": "system/Patient.rs"
    }))))
    .response("201", json_answer("The client", client()));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, list)
        .operation(HttpMethod::Post, create)
        .build()
}

fn single() -> PathItem {
    let show = one(described("showClient", "A client, without its secret", "r"))
        .response("200", json_answer("The client", client()));
    let update = one(changing(
        "updateClient",
        "Changes what is given, as a merge patch: scopes, redirect URIs, keys",
        "u",
    ))
    .request_body(Some(json_body(
        json!({"scope": "system/Patient.r", "launch_url": null}),
    )))
    .response("200", json_answer("The client", client()))
    .response(
        "409",
        json_answer("Somebody else changed it meanwhile", json!({"error": "conflict"})),
    );
    let delete = one(changing(
        "deleteClient",
        "Removes it, and ends all that it was granted",
        "d",
    ))
    .response("204", ResponseBuilder::new().description("Removed"));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, show)
        .operation(HttpMethod::Patch, update)
        .operation(HttpMethod::Delete, delete)
        .build()
}

fn posted(id: &str, summary: &str) -> PathItem {
    let operation = one(changing(id, summary, "u")).response("200", json_answer("The client", client()));
    PathItemBuilder::new()
        .operation(HttpMethod::Post, operation)
        .build()
}

fn described(id: &str, summary: &str, letter: &str) -> OperationBuilder {
    operation("Administration", id, summary)
        .security(secured(&format!("admin/Client.{letter}")))
        .response(
            "401",
            json_answer("No token, or not a good one", json!({"error": "invalid_token"})),
        )
        .response(
            "403",
            json_answer(
                "The token does not cover it",
                json!({"error": "insufficient_scope"}),
            ),
        )
}

fn changing(id: &str, summary: &str, letter: &str) -> OperationBuilder {
    described(id, summary, letter)
        .description(Some(
            "Scopes within the setting admin.scopes_at_most alone; clients that have more are the operator's to change.",
        ))
        .response("400", json_answer("What is wrong", json!({"error": "invalid_client_metadata"})))
}

fn one(operation: OperationBuilder) -> OperationBuilder {
    let id = ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
    operation.parameter(id).response(
        "404",
        json_answer("There is no such client", json!({"error": "not_found"})),
    )
}
