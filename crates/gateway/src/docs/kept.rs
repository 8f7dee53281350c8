//! The doors of administration of accounts and senders, which are alike.
use super::content::secured;
use super::doors::operation;
use super::oauth::{json_answer, json_body};
use serde_json::{Value, json};
use utoipa::openapi::Required;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::schema::{ObjectBuilder, Type};

struct Kind {
    /// In addresses.
    plural: &'static str,
    /// In scopes and names of operations.
    name: &'static str,
    /// What one is addressed by.
    by: &'static str,
    shown: fn() -> Value,
    asked: fn() -> Value,
}

const ACCOUNT: Kind = Kind {
    plural: "accounts",
    name: "Account",
    by: "id",
    shown: || {
        json!({
            "id": "0199…", "name": "ada", "fhir_user": "Patient/ada", "totp": false, "issuer": null, "subject": null,
            "created": "2026-11-30T08:00:00.000Z", "disabled": null
        })
    },
    asked: || json!({"name": "ada", "fhir_user": "Patient/ada"}),
};

const SENDER: Kind = Kind {
    plural: "senders",
    name: "Sender",
    by: "name",
    shown: || {
        json!({
            "name": "general", "application": "ADT1", "facility": "GENERAL", "timezone": "America/New_York",
            "maps": {"classes": {"OBS": "OBSENC"}}, "created": "2026-11-30T08:00:00.000Z", "disabled": null
        })
    },
    asked: || {
        json!({
            "name": "general", "application": "ADT1", "facility": "GENERAL", "timezone": "America/New_York",
            "maps": {"classes": {"OBS": "OBSENC"}}
        })
    },
};

pub fn add(paths: PathsBuilder) -> PathsBuilder {
    let paths = ACCOUNT.add(paths, None);
    let password = ACCOUNT.posted(
        "changePassword",
        "A new password; one that is made is shown this once",
    );
    let paths = paths.path("/admin/accounts/{id}/password", password);
    let replace = SENDER.one("replaceSender", "In the place of what was registered", "u");
    SENDER.add(
        paths,
        Some(replace.request_body(Some(json_body((SENDER.asked)())))),
    )
}

impl Kind {
    fn add(&self, paths: PathsBuilder, replace: Option<OperationBuilder>) -> PathsBuilder {
        let (at, name) = (format!("/admin/{}", self.plural), self.name);
        let below = format!("{at}/{{{}}}", self.by);
        let show = self.one(&format!("show{name}"), "One, without secrets", "r");
        let mut single = PathItemBuilder::new().operation(HttpMethod::Get, show);
        if let Some(replace) = replace {
            single = single.operation(HttpMethod::Put, replace);
        }
        paths
            .path(at, self.all())
            .path(below.as_str(), single.build())
            .path(
                format!("{below}/disable"),
                self.posted(&format!("disable{name}"), "Refused from now on"),
            )
            .path(
                format!("{below}/enable"),
                self.posted(&format!("enable{name}"), "Let in again"),
            )
    }

    fn all(&self) -> PathItem {
        let (name, plural) = (self.name, self.plural);
        let list = self
            .described(&format!("list{name}s"), "All, without secrets", "s")
            .response("200", json_answer("All", json!({ plural: [(self.shown)()] })));
        let create = self
            .described(&format!("add{name}"), "A new one", "c")
            .request_body(Some(json_body((self.asked)())))
            .response(
                "201",
                json_answer("It, and a password that was made", (self.shown)()),
            )
            .response(
                "409",
                json_answer("There is one already", json!({"error": "conflict"})),
            );
        PathItemBuilder::new()
            .operation(HttpMethod::Get, list)
            .operation(HttpMethod::Post, create)
            .build()
    }

    fn posted(&self, id: &str, summary: &str) -> PathItem {
        PathItemBuilder::new()
            .operation(HttpMethod::Post, self.one(id, summary, "u"))
            .build()
    }

    fn one(&self, id: &str, summary: &str, letter: &str) -> OperationBuilder {
        let by = ParameterBuilder::new()
            .name(self.by)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        self.described(id, summary, letter)
            .parameter(by)
            .response("200", json_answer("It", (self.shown)()))
            .response("404", json_answer("There is none", json!({"error": "not_found"})))
    }

    fn described(&self, id: &str, summary: &str, letter: &str) -> OperationBuilder {
        let error = |text: &str, code: &str| json_answer(text, json!({ "error": code }));
        operation("Administration", id, summary)
            .security(secured(&format!("admin/{}.{letter}", self.name)))
            .response("400", error("What is wrong", "invalid_client_metadata"))
            .response("401", error("No token, or not a good one", "invalid_token"))
            .response(
                "403",
                error(
                    "The token does not cover it, or it is not kept here",
                    "insufficient_scope",
                ),
            )
    }
}
