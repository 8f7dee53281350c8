//! The doors of the authorization server. <https://hl7.org/fhir/smart-app-launch/STU2.2/>
use super::doors::{one, operation, plain};
use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Required, Response, ResponseBuilder};

/// Names and what they are for.
type Fields = [(&'static str, &'static str)];

const AUTHORIZE: &Fields = &[
    ("response_type", "code"),
    ("client_id", "The app's id"),
    ("redirect_uri", "One of the app's, exactly as it is registered"),
    (
        "scope",
        "Such as `openid fhirUser launch/patient patient/*.rs offline_access`",
    ),
    ("state", "Unguessable; comes back with the answer"),
    ("aud", "The FHIR base of this server"),
    (
        "code_challenge",
        "PKCE: the SHA-256 of the code_verifier in base64url",
    ),
    ("code_challenge_method", "S256"),
    ("launch", "What the EHR opened the app with"),
    ("nonce", "Comes back in the id_token"),
    ("prompt", "login, consent or none"),
    ("max_age", "Seconds since the person signed in"),
];
const AUTHORIZE_NEEDS: usize = 8;

const TOKEN: &Fields = &[
    (
        "grant_type",
        "authorization_code, refresh_token or client_credentials",
    ),
    ("code", "authorization_code: as it came to the redirect URI"),
    (
        "redirect_uri",
        "authorization_code: the one of the authorization request",
    ),
    (
        "code_verifier",
        "authorization_code: what the code_challenge was made from",
    ),
    ("refresh_token", "refresh_token: the last one; each works once"),
    (
        "scope",
        "A subset of what is registered, or was granted; all of it when absent",
    ),
    (
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ),
    (
        "client_assertion",
        "A JWT signed with RS384 or ES384: iss and sub are the client id, aud this URL, exp at most 5 minutes ahead, jti never used before",
    ),
    (
        "client_id",
        "Of a public client; or with client_secret, for simple partners (or HTTP Basic)",
    ),
    (
        "client_secret",
        "The secret that `baton client add --secret` printed",
    ),
];

pub fn add(paths: PathsBuilder) -> PathsBuilder {
    let discovery = |id, text| {
        let answer = json_answer("Endpoints and capabilities", json!({}));
        one(
            HttpMethod::Get,
            operation("OAuth", id, text).response("200", answer),
        )
    };
    let about = |id, text| one(HttpMethod::Post, about_token(id, text));
    paths
        .path(
            "/fhir/.well-known/smart-configuration",
            discovery("smartConfiguration", "SMART discovery"),
        )
        .path(
            "/.well-known/openid-configuration",
            discovery("openidConfiguration", "OpenID Connect discovery"),
        )
        .path("/oauth/authorize", authorize())
        .path("/oauth/token", one(HttpMethod::Post, token()))
        .path(
            "/oauth/introspect",
            about("introspect", "Whether a token is active, and for what"),
        )
        .path("/oauth/revoke", about("revoke", "Ends a token"))
        .path(
            "/oauth/jwks",
            one(
                HttpMethod::Get,
                plain("OAuth", "jwks", "Public keys of access tokens and id_tokens"),
            ),
        )
        .path("/oauth/userinfo", one(HttpMethod::Get, userinfo()))
        .path("/oauth/launch", one(HttpMethod::Post, launch()))
        .path("/oauth/register", one(HttpMethod::Post, register()))
}

fn authorize() -> utoipa::openapi::PathItem {
    let described = |id| {
        operation("OAuth", id, "Where an app sends people to sign in and to allow it access")
            .response("303", ResponseBuilder::new().description("To the pages of the sign-in, which end at the redirect URI with code, state and iss, or with error"))
            .response("400", ResponseBuilder::new().description("A page: the app or its redirect URI is not registered"))
    };
    let by_get =
        AUTHORIZE
            .iter()
            .enumerate()
            .fold(described("authorize"), |operation, (nth, (name, text))| {
                let needed = if nth < AUTHORIZE_NEEDS {
                    Required::True
                } else {
                    Required::False
                };
                let parameter = ParameterBuilder::new()
                    .name(*name)
                    .parameter_in(ParameterIn::Query)
                    .description(Some(*text))
                    .required(needed)
                    .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
                operation.parameter(parameter)
            });
    let needed: Vec<&str> = AUTHORIZE[..AUTHORIZE_NEEDS]
        .iter()
        .map(|(name, _)| *name)
        .collect();
    let by_post = described("authorizeByPost").request_body(Some(form(AUTHORIZE, &needed)));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, by_get)
        .operation(HttpMethod::Post, by_post)
        .build()
}

fn token() -> OperationBuilder {
    let granted = json!({
        "access_token": "eyJ…", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs offline_access",
        "patient": "123", "need_patient_banner": true, "refresh_token": "b2Zm…", "id_token": "eyJ…"
    });
    operation(
        "OAuth",
        "token",
        "Tokens for a code, for a refresh token, or for a client itself",
    )
    .request_body(Some(form(TOKEN, &["grant_type"])))
    .response(
        "200",
        json_answer("The tokens, and the context of the launch", granted),
    )
    .response(
        "400",
        json_answer("RFC 6749 section 5.2", json!({"error": "invalid_scope"})),
    )
    .response("401", nobody())
}

fn userinfo() -> OperationBuilder {
    let person = json!({"sub": "0199…", "fhirUser": "https://baton.example/fhir/Practitioner/123"});
    operation(
        "OAuth",
        "userinfo",
        "Who signed in (scope openid; fhirUser with the scope of that name)",
    )
    .response("200", json_answer("The person", person))
    .security(super::content::secured("openid"))
    .response("401", json_answer("No token, or not a good one", json!({})))
    .response("403", json_answer("The token has no scope openid", json!({})))
}

fn launch() -> OperationBuilder {
    let body = json!({
        "client_id": "0199…", "patient": "123", "encounter": "456", "fhir_user": "Practitioner/789",
        "intent": "reconcile-medications", "need_patient_banner": false
    });
    let begun = json!({
        "launch": "c2Vj…", "expires_in": 600, "iss": "https://baton.example/fhir",
        "launch_url": "https://app.example/launch?iss=…&launch=…"
    });
    operation("OAuth", "launch", "What an EHR opens an app with: the patient and the stay that it shows")
        .description(Some(
            "Needs what it names: system/Patient.r, and system/Encounter.r with an encounter. The value works once, for \
             this app and, where fhir_user is given, for this person.",
        ))
        .request_body(Some(json_body(body)))
        .response("201", json_answer("The launch, and where to open the app if it has a launch URL", begun))
        .response("400", json_answer("What is named is not here", json!({"error": "invalid_request"})))
        .response("401", json_answer("No token, or not a good one", json!({"error": "invalid_token"})))
        .response("403", json_answer("The token does not cover it", json!({"error": "insufficient_scope"})))
        .security(super::content::secured("system/Patient.r"))
}

fn register() -> OperationBuilder {
    let metadata = json!({
        "client_name": "Heart App", "redirect_uris": ["https://app.example/back"], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid fhirUser launch/patient patient/*.rs"
    });
    let registered = json!({
        "client_id": "0199…", "client_id_issued_at": 1_795_000_000, "client_name": "Heart App",
        "redirect_uris": ["https://app.example/back"], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "scope": "openid fhirUser launch/patient patient/*.rs"
    });
    operation("OAuth", "register", "An app registers itself (RFC 7591)")
        .description(Some(
            "Off unless the setting tokens.registration is `open` (scopes of people only) or `initial-token` (with a token of \
             `baton client initial-token`).",
        ))
        .request_body(Some(json_body(metadata)))
        .response("201", json_answer("The client; a secret is shown this once", registered))
        .response("400", json_answer("What is wrong", json!({"error": "invalid_client_metadata"})))
        .response("401", json_answer("No initial token, or one that was used", json!({"error": "invalid_token"})))
        .response("403", json_answer("The operator registers clients", json!({"error": "access_denied"})))
}

pub(super) fn json_body(example: Value) -> RequestBody {
    let content = ContentBuilder::new()
        .schema(Some(ObjectBuilder::new().build()))
        .example(Some(example))
        .build();
    RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True))
        .build()
}

fn nobody() -> Response {
    json_answer(
        "The client is not who it says",
        json!({"error": "invalid_client"}),
    )
}

fn about_token(id: &str, summary: &str) -> OperationBuilder {
    let fields = [
        ("token", "The token"),
        ("client_id", "The caller"),
        ("client_secret", "Its secret"),
    ];
    operation("OAuth", id, summary)
        .request_body(Some(form(&fields, &["token"])))
        .response("200", json_answer("Done", json!({})))
        .response("401", nobody())
}

fn form(fields: &[(&str, &str)], required: &[&str]) -> RequestBody {
    let schema = fields.iter().fold(ObjectBuilder::new(), |schema, (name, text)| {
        let field = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(*text))
            .build();
        schema.property(*name, field)
    });
    let schema = required
        .iter()
        .fold(schema, |schema, name| schema.required(*name))
        .build();
    RequestBodyBuilder::new()
        .content(
            "application/x-www-form-urlencoded",
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .required(Some(Required::True))
        .build()
}

pub(super) fn json_answer(text: &str, example: Value) -> Response {
    let schema = ObjectBuilder::new().build();
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example))
        .build();
    ResponseBuilder::new()
        .description(text)
        .content("application/json", content)
        .build()
}
