//! The doors besides FHIR REST and OAuth: messages, their review, operations.
use super::content::{Described, FHIR_JSON, answer, body, empty, secured};
use super::examples;
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathItemBuilder, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, ContentBuilder, Required, ResponseBuilder};

const HL7: &str = "application/hl7-v2";

pub fn add(paths: PathsBuilder) -> PathsBuilder {
    paths
        .path("/hl7v2", one(HttpMethod::Post, hl7v2()))
        .path("/fhir/$process-message", one(HttpMethod::Post, process_message()))
        .path("/fhir/Task/{id}/$message", one(HttpMethod::Get, message()))
        .path("/fhir/Task/{id}/$reprocess", one(HttpMethod::Post, reprocess()))
        .path(
            "/healthz",
            one(
                HttpMethod::Get,
                plain("Operations", "healthz", "The process is alive"),
            ),
        )
        .path("/readyz", one(HttpMethod::Get, readyz()))
        .path(
            "/metrics",
            one(
                HttpMethod::Get,
                plain("Operations", "metrics", "Prometheus metrics"),
            ),
        )
}

pub(super) fn one(method: HttpMethod, operation: OperationBuilder) -> PathItem {
    PathItemBuilder::new().operation(method, operation).build()
}

pub(super) fn operation(tag: &str, id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(id))
        .summary(Some(summary))
}

fn text(example: &str) -> Content {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(Value::from(example)))
        .build()
}

fn hl7v2() -> OperationBuilder {
    let body = RequestBodyBuilder::new()
        .content(HL7, text(examples::ADT))
        .content("x-application/hl7-v2+er7", text(examples::ADT))
        .content("text/plain", text(examples::ADT))
        .required(Some(Required::True));
    operation("Messages", "sendHl7v2", "One HL7 v2 ADT message, or a batch of them (FHS, BHS); answered when it is durable")
        .description(Some(
            "A01 A02 A03 A04 A05 A06 A07 A08 A11 A12 A13 A28 A31 A40 of a registered sender. AA: committed with all \
             that follows. AE: the content cannot be used. AR: not accepted (sender, type, version, processing id). Every \
             message is kept.",
        ))
        .request_body(Some(body.build()))
        .response("200", ResponseBuilder::new().description("The acknowledgement").content(HL7, text(examples::ACK)))
        .response("413", ResponseBuilder::new().description("Too large: the acknowledgement says AR; the beginning is kept for review").content(HL7, text(examples::ACK)))
        .security(secured("system/MessageHeader.c"))
        .refuses(&["401", "403", "415"])
}

fn process_message() -> OperationBuilder {
    operation(
        "Messages",
        "processMessage",
        "A Da Vinci Unsolicited Notification",
    )
    .request_body(Some(body("Bundle", Some(examples::notification()))))
    .response(
        "200",
        empty("Processed and durable; there is no response message"),
    )
    .security(secured("system/MessageHeader.c"))
    .refuses(&["400", "401", "403", "413", "422"])
}

fn message() -> OperationBuilder {
    operation(
        "Messages",
        "reviewedMessage",
        "The raw message that a review task (urn:baton:task|message-review) is about",
    )
    .takes(&["id"])
    .response(
        "200",
        ResponseBuilder::new()
            .description("As it came")
            .content(HL7, text(examples::ADT)),
    )
    .security(secured("system/Task.r"))
    .refuses(&["404"])
}

fn reprocess() -> OperationBuilder {
    let parameters = super::content::of_schema(
        "Parameters",
        Some(json!({
            "resourceType": "Parameters", "parameter": [{"name": "message", "valueString": examples::ADT}]
        })),
    );
    let body = RequestBodyBuilder::new()
        .description(Some(
            "Nothing to map the kept message again with the sender's present maps, or a corrected message",
        ))
        .content(HL7, text(examples::ADT))
        .content(FHIR_JSON, parameters);
    operation(
        "Messages",
        "reprocessMessage",
        "Processes a reviewed message again and closes its task",
    )
    .takes(&["id"])
    .request_body(Some(body.build()))
    .response("200", answer("What became of it", "Resource", None))
    .security(secured("system/MessageHeader.c"))
    .refuses(&["422"])
}

pub(super) fn plain(tag: &str, id: &str, summary: &str) -> OperationBuilder {
    operation(tag, id, summary).response("200", empty(summary))
}

fn readyz() -> OperationBuilder {
    plain("Operations", "readyz", "The database answers").response("503", empty("Not now"))
}
