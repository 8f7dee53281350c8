//! OpenAPI 3.1 from the registry: the same surface that FHIR clients discover in
//! `/fhir/metadata`, for those who generate clients. <https://spec.openapis.org/oas/v3.1.0>
//!
//! Two documents: `coordination.json`, the resources and operations of coordination with full
//! schemas and examples, and `baton.json`, every R4 type. Both are committed under `openapi/` and
//! served; `make drift` fails when they are not what this module writes.
mod admin;
mod compact;
mod content;
mod doors;
pub mod errors;
mod examples;
mod interactions;
mod kept;
mod oauth;
mod operations;
mod schemas;
mod system;

use crate::routes::resource;
use actix_web::{HttpResponse, web};
use fhir::{TypeId, registry};
use std::sync::LazyLock;
use utoipa::openapi::security::{AuthorizationCode, ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, PathsBuilder, Server,
};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// The types coordination reads and writes; they have full schemas.
pub const COORDINATION: [&str; 20] = [
    "CarePlan",
    "CareTeam",
    "Condition",
    "Coverage",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "Location",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "RelatedPerson",
    "RiskAssessment",
    "ServiceRequest",
    "Task",
];

/// A document: where it is served and committed, and what it covers.
struct Document {
    file: &'static str,
    title: &'static str,
    types: fn() -> Vec<TypeId>,
}

const DOCUMENTS: [Document; 2] = [
    Document {
        file: "coordination.json",
        title: "Baton: care coordination",
        types: coordination_types,
    },
    Document {
        file: "baton.json",
        title: "Baton: every FHIR R4 type",
        types: all_types,
    },
];

fn coordination_types() -> Vec<TypeId> {
    COORDINATION.into_iter().filter_map(TypeId::of).collect()
}

fn all_types() -> Vec<TypeId> {
    registry().types().to_vec()
}

impl Document {
    fn build(&self) -> OpenApi {
        let types = (self.types)();
        let paths = types
            .iter()
            .fold(PathsBuilder::new(), |paths, on| interactions::add(paths, *on));
        let info = InfoBuilder::new()
            .title(self.title)
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(DESCRIPTION))
            .license(Some(License::new("MIT OR Apache-2.0")))
            .build();
        OpenApiBuilder::new()
            .info(info)
            .servers(Some([Server::new("/")]))
            .paths(
                kept::add(admin::add(operations::add(
                    oauth::add(doors::add(system::compartments(system::add(paths), &types))),
                    &types,
                )))
                .build(),
            )
            .components(Some(components(&types)))
            .build()
    }

    fn text(&self) -> String {
        compact::text(serde_json::to_value(self.build()).unwrap_or_default())
    }
}

const DESCRIPTION: &str = "FHIR R4 (4.0.1) with the work of care coordination. Get a token at `/oauth/token`, with \
    client credentials or with the code that a person's sign-in at `/oauth/authorize` ends with; every error on a FHIR path is an OperationOutcome. `/fhir/metadata` says the same for FHIR clients.\n\n\
    Begin with an [app that people sign in to](/docs/quickstart-app.md) or a \
    [backend service](/docs/quickstart-backend.md); [every error and what to do about it](/docs/errors.md).";

/// What is written for developers beside the repository's README, for whoever has only the server.
const TEXTS: [(&str, &str); 3] = [
    (
        "/docs/quickstart-app.md",
        include_str!("../../../../docs/quickstart-app.md"),
    ),
    (
        "/docs/quickstart-backend.md",
        include_str!("../../../../docs/quickstart-backend.md"),
    ),
    ("/docs/errors.md", include_str!("../../../../docs/errors.md")),
];

/// As text: browsers save what is called Markdown instead of showing it.
fn plain(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(text)
}

fn components(types: &[TypeId]) -> utoipa::openapi::Components {
    let scopes = Scopes::from_iter([
        ("system/*.cruds", "everything"),
        ("system/*.rs", "read and search every type"),
        ("system/Task.u", "update tasks"),
        ("system/MessageHeader.c", "send HL7 v2 and FHIR messages"),
        ("admin/Client.cruds", "keep clients"),
        ("admin/Account.crus", "keep accounts"),
        ("admin/Sender.crus", "keep senders of HL7 v2"),
    ]);
    let of_people = Scopes::from_iter([
        ("openid", "know who signed in"),
        ("launch/patient", "work with one patient"),
        ("patient/*.rs", "read and search what is about this patient"),
        ("user/*.rs", "read and search what the person may see"),
        ("offline_access", "keep access"),
    ]);
    let flows = [
        Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes)),
        Flow::AuthorizationCode(AuthorizationCode::new(
            "/oauth/authorize",
            "/oauth/token",
            of_people,
        )),
    ];
    let builder =
        ComponentsBuilder::new().security_scheme("oauth", SecurityScheme::OAuth2(OAuth2::new(flows)));
    content::add_shared(schemas::add(builder, types)).build()
}

/// Writes the documents into a folder (`baton openapi --out DIR`).
pub fn write(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    DOCUMENTS
        .iter()
        .try_for_each(|document| std::fs::write(folder.join(document.file), document.text()))
}

/// The document that `/openapi.json` serves.
pub fn main_document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENTS[1].text());
    &TEXT
}

fn coordination_document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENTS[0].text());
    &TEXT
}

fn json(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(text)
}

fn to_docs() -> HttpResponse {
    HttpResponse::Found()
        .insert_header(("Location", "/docs/"))
        .finish()
}

/// `/openapi.json`, `/openapi/*.json`, the texts and `/docs`, which needs no internet: its assets are in the binary.
pub fn configure(cfg: &mut web::ServiceConfig) {
    let urls = [
        Url::with_primary("Care coordination", "/openapi/coordination.json", true),
        Url::new("Every R4 type", "/openapi/baton.json"),
    ];
    let settings = Config::new(urls)
        .validator_url("none")
        .doc_expansion("none")
        .filter(true);
    for (path, text) in [
        ("/openapi.json", main_document as fn() -> &'static str),
        ("/openapi/baton.json", main_document),
        ("/openapi/coordination.json", coordination_document),
    ] {
        let document = resource(path).get(move || std::future::ready(json(text())));
        cfg.service(document.build());
    }
    for (path, text) in TEXTS {
        cfg.service(
            resource(path)
                .get(move || std::future::ready(plain(text)))
                .build(),
        );
    }
    // Whoever opens the bare address wants to know what is here.
    for path in ["/", "/docs"] {
        cfg.route(path, web::get().to(async || to_docs()));
    }
    cfg.service(SwaggerUi::new("/docs/{_:.*}").config(settings));
}

#[cfg(test)]
mod tests;
