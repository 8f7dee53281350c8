//! capabilities: what Baton serves, from the registry. <https://hl7.org/fhir/R4/http.html#capabilities>
use super::{Call, Reply, patch, query, view};
use crate::config::Auth;
use crate::error::ApiError;
use crate::operations::TABLE;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::Data;
use fhir::capability::{OAuth, Operation, Support, capability};
use fhir::registry::CustomParams;
use fhir::view::View;
use fhir::{IssueCode, TypeId, registry};
use std::sync::PoisonError;

/// `GET /fhir/metadata`: public, as the specification wants it.
pub async fn capabilities(
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let pairs = query::only(
        request.query_string(),
        &["mode", "_summary", "_elements"],
        call.lenient,
    )?;
    match query::first(&pairs, "mode") {
        None | Some("full" | "normative") => {}
        Some(_) => return Err(ApiError::bad_request(IssueCode::NotSupported, MODES)),
    }
    let view = view::of_shown(TypeId::of("CapabilityStatement"), &pairs)?;
    let custom = state.store.custom();
    let mut made = state.capabilities.lock().unwrap_or_else(PoisonError::into_inner);
    let current = made
        .take()
        .filter(|(generation, _)| *generation == custom.generation);
    let (_, text) = made.insert(current.unwrap_or_else(|| (custom.generation, statement(&state, &custom))));
    Ok(Reply::resource(match view {
        View::Full => text.clone(),
        view => view.show(text),
    }))
}

const MODES: &str =
    "mode takes full or normative; Baton has no TerminologyCapabilities to give for mode=terminology";

/// The date of the interface described here; changes with it.
const DATE: &str = "2026-11-25";

fn statement(state: &AppState, custom: &CustomParams) -> String {
    let (base, token) = (state.config.fhir_base(), state.config.token_url());
    let (authorize, register) = (state.config.authorize_url(), state.config.registration_url());
    let operations = operations();
    let support = Support {
        base: &base,
        software_version: env!("CARGO_PKG_VERSION"),
        date: DATE,
        formats: &["application/fhir+json", "json"],
        patch_formats: &patch::MEDIA_TYPES.split(", ").collect::<Vec<_>>(),
        type_interactions: &[
            "read",
            "vread",
            "update",
            "patch",
            "delete",
            "history-instance",
            "history-type",
            "create",
            "search-type",
        ],
        system_interactions: &["transaction", "batch", "history-system", "search-system"],
        update_create: true,
        conditional_create: true,
        conditional_read: true,
        conditional_update: true,
        conditional_delete: state.config.limits.conditional_delete,
        enforced: &state.config.references.enforced,
        operations: &operations,
        oauth: (state.config.auth == Auth::Required).then_some(OAuth {
            token: &token,
            authorize: &authorize,
            register: register.as_deref(),
        }),
        custom,
        instantiates: &[],
    };
    capability(&support).to_string()
}

fn operations() -> Vec<Operation<'static>> {
    let task = TypeId::of("Task");
    let mut all = vec![
        Operation {
            name: "process-message",
            definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
            on: None,
        },
        Operation {
            name: "reprocess",
            definition: "urn:baton:operation:reprocess",
            on: task,
        },
        Operation {
            name: "message",
            definition: "urn:baton:operation:message",
            on: task,
        },
    ];
    for on in registry().types() {
        let here = TABLE.iter().filter(|operation| operation.is_on(*on));
        all.extend(here.map(|operation| Operation {
            name: operation.code,
            definition: operation.definition,
            on: Some(*on),
        }));
    }
    all
}
