//! The error catalogue: every status and code with which Baton refuses, and what to do about it.
//!
//! `docs/errors.md` is written from these tables (`make openapi`), and the black-box suite holds every
//! refusal that any of its scenes meets against them, so that none is emitted that is not listed.
use crate::auth::token::Refusal;
use fhir::IssueCode;
use std::fmt::Write;

/// What it is called, when it comes, and what helps.
pub struct Row<T> {
    pub what: T,
    pub when: &'static str,
    pub then: &'static str,
}

const fn row<T: Copy>(what: T, when: &'static str, then: &'static str) -> Row<T> {
    Row { what, when, then }
}

/// HTTP statuses under `/fhir`, each with an OperationOutcome.
pub const STATUSES: [Row<u16>; 18] = [
    row(
        400,
        "The request cannot be read: its JSON, its parameters, its headers",
        "Correct what `issue.expression` and `diagnostics` name",
    ),
    row(
        401,
        "There is no access token, or it is none (any more)",
        "Get a token; `WWW-Authenticate` says what is wrong with the one sent",
    ),
    row(
        403,
        "The token does not cover this",
        "Ask for the scope that is named, if the client is registered for it",
    ),
    row(
        404,
        "There is no such resource, version or address; what may not be seen is answered the same",
        "Check type and id",
    ),
    row(
        405,
        "The address does not have this method",
        "Use one that `Allow` lists",
    ),
    row(
        406,
        "The answer is not to be had in the form asked for",
        "Accept `application/fhir+json`",
    ),
    row(
        408,
        "The request did not come in time",
        "Send it faster, or in smaller parts",
    ),
    row(
        409,
        "It contradicts what is there, such as references that must stay whole",
        "Change or delete first what is named",
    ),
    row(
        410,
        "The resource was deleted",
        "Its history has the earlier versions",
    ),
    row(
        412,
        "The resource is not as `If-Match` or the criteria expect",
        "Read it again and repeat the change, or narrow the criteria",
    ),
    row(
        413,
        "The body, or the Bundle, is larger than allowed",
        "Send less at a time; `limits` of the settings",
    ),
    row(
        414,
        "The address is longer than 60 KiB",
        "Send the search by POST to `_search`",
    ),
    row(
        415,
        "The media type or encoding of the body is not taken",
        "Send `application/fhir+json`, or the patch type that is named",
    ),
    row(
        422,
        "The content can be read and breaks a rule of R4 or of this server",
        "Correct every issue; `$validate` tells the same without writing",
    ),
    row(
        429,
        "The client, or the address, calls too fast, or too many of its credentials were refused",
        "Wait as `Retry-After` says, then go on slower",
    ),
    row(
        431,
        "The headers are longer than 64 KiB together",
        "Send shorter ones",
    ),
    row(
        500,
        "The server failed",
        "Tell the operator the `X-Request-Id`; the log has the reason under it",
    ),
    row(
        503,
        "The database, a lock on what others change, or the keys of a token's issuer, are out of reach, or the server at its limit, or a parameter is still being indexed",
        "Send the same request again after `Retry-After`",
    ),
];

/// `issue.code` of an OperationOutcome. The match is complete, so that a new code is described here.
pub fn meaning(code: IssueCode) -> (&'static str, &'static str) {
    use IssueCode as C;
    match code {
        C::Invalid => ("What was sent is not what is expected here", "See `diagnostics`"),
        C::Structure => (
            "JSON, or an element where R4 has none",
            "Correct the element at `expression`",
        ),
        C::Required => ("An element or parameter is missing", "Add it"),
        C::Value => ("A value is not of its type or form", "Correct it at `expression`"),
        C::Invariant => (
            "A rule of R4 between elements is broken; the rule is named",
            "Change one of the elements",
        ),
        C::Security => ("The way the request was made is not safe", "See `diagnostics`"),
        C::Login => ("A token is needed, or another one", "Get a token"),
        C::Unknown => ("The user or system is not known", "Register it"),
        C::Expired => ("It is over", "Get a new one"),
        C::Forbidden => ("The token does not cover it", "Ask for the scope that is named"),
        C::Suppressed => (
            "Some content was left out because it may not be seen",
            "Ask for more rights, if they are due",
        ),
        C::Processing => (
            "The content was understood and could not be worked off",
            "See `diagnostics`",
        ),
        C::NotSupported => ("This server does not do that", "Use what `/fhir/metadata` lists"),
        C::Duplicate => ("It is there already, or twice in the request", "Send it once"),
        C::MultipleMatches => ("Criteria that must find one resource find several", "Narrow them"),
        C::NotFound => (
            "There is nothing of that name, or it may not be seen",
            "Check type and id",
        ),
        C::Deleted => ("It was deleted", "Read its history"),
        C::TooLong => ("It is longer than allowed", "Send less at a time"),
        C::CodeInvalid => (
            "A code is not of the value set that R4 binds here",
            "Use one of it",
        ),
        C::Extension => (
            "An extension is not known, and changes the meaning",
            "Leave it out",
        ),
        C::TooCostly => (
            "It would take too much work or time",
            "Narrow the search, or ask for less",
        ),
        C::BusinessRule => (
            "A rule of this server or its settings is broken",
            "See `diagnostics`",
        ),
        C::Conflict => (
            "It contradicts what is stored by now",
            "Read again and repeat the change",
        ),
        C::Transient => (
            "It may work in a moment",
            "Send the same request again after `Retry-After`",
        ),
        C::LockError => ("Somebody else holds it", "Send the same request again later"),
        C::NoStore => ("There is no room", "Tell the operator"),
        C::Exception => ("The server failed", "Tell the operator the `X-Request-Id`"),
        C::Timeout => ("It did not come, or end, in time", "Send less, or narrow it"),
        C::Incomplete => (
            "There is more than what was given",
            "Follow the links, or narrow it",
        ),
        C::Throttled => (
            "Too many requests in too little time",
            "Wait as `Retry-After` says",
        ),
        C::Informational => ("Nothing is wrong", "Nothing"),
    }
}

/// `error` under `/oauth`, with its status. <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
pub const OAUTH: [Row<(&str, u16)>; 19] = [
    row(
        ("invalid_request", 400),
        "A parameter is missing, twice, in the address, or of the wrong form",
        "Correct what `error_description` names",
    ),
    row(
        ("invalid_request", 405),
        "The address does not have this method",
        "Use one that `Allow` lists",
    ),
    row(
        ("invalid_request", 413),
        "The body is larger than 64 KiB",
        "Send less",
    ),
    row(
        ("invalid_client", 401),
        "Who calls could not be proven: the secret, the assertion, or its keys",
        "`error_description` says which; sign a new assertion for each request",
    ),
    row(
        ("invalid_grant", 400),
        "The code or refresh token is over, used, or another client's",
        "Begin anew with the authorization",
    ),
    row(
        ("invalid_scope", 400),
        "A scope is not understood, or goes beyond the registration",
        "Ask for less, or have the client registered for more",
    ),
    row(
        ("unauthorized_client", 400),
        "The client may not do this",
        "Use the grant, or the token, that is its own",
    ),
    row(
        ("unsupported_grant_type", 400),
        "The grant is none that is served",
        "Use one of `grant_types_supported`",
    ),
    row(
        ("unsupported_response_type", 400),
        "The response type is none that is served",
        "Use `code`, where users can sign in",
    ),
    row(
        ("invalid_token", 401),
        "The token sent to `/oauth/userinfo`, `launch`, `register` or `/admin` is missing or refused",
        "Get a new one",
    ),
    row(
        ("insufficient_scope", 403),
        "The access token sent to `/oauth/launch`, `/oauth/userinfo` or `/admin` covers less",
        "Ask for the scope that is named",
    ),
    row(
        ("invalid_redirect_uri", 400),
        "A redirect URI may not be registered",
        "Use https, without a fragment, or one of the app's own machine",
    ),
    row(
        ("invalid_client_metadata", 400),
        "What the app says of itself cannot be registered",
        "Correct what `error_description` names",
    ),
    row(
        ("access_denied", 403),
        "The operator has not opened this, or gives less away",
        "Have the client registered with `baton client add`",
    ),
    row(
        ("not_found", 404),
        "There is no client, account or sender of that name",
        "Look through the list above it in the address",
    ),
    row(
        ("conflict", 409),
        "Somebody else changed the client meanwhile, or there is one of that name already",
        "Look at it again, and repeat the change",
    ),
    row(("server_error", 500), "The server failed", "Tell the operator"),
    row(
        ("temporarily_unavailable", 503),
        "The database is out of reach",
        "Try again as `Retry-After` says",
    ),
    row(
        ("temporarily_unavailable", 429),
        "Too many credentials from this address were refused",
        "Wait as `Retry-After` says, and check what is sent",
    ),
];

/// `error` in `WWW-Authenticate` under `/fhir`. <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
const BEARER: [Row<(&str, u16)>; 3] = [
    row(
        ("invalid_request", 400),
        "There are two Authorization headers, or the token is in the address",
        "Send one `Authorization: Bearer …`",
    ),
    row(
        ("invalid_token", 401),
        "The token is refused for one of the reasons below",
        "Get a new one",
    ),
    row(
        ("insufficient_scope", 403),
        "The token is good, and covers less",
        "Ask for the `scope` that is named",
    ),
];

/// MSA-1 of an acknowledgement. HL7 table 0008.
const ACKNOWLEDGEMENTS: [Row<&str>; 3] = [
    row(
        "AA",
        "Stored and durable; doubts are in the review queue",
        "Nothing",
    ),
    row(
        "AE",
        "The content cannot be taken; ERR says where",
        "Correct the message and send it anew",
    ),
    row(
        "AR",
        "The message cannot be taken: its structure, its sender, its size; or not at the moment",
        "Correct what ERR names, or send the same again later",
    ),
];

/// `docs/errors.md`.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    section(
        &mut page,
        "HTTP statuses under `/fhir`",
        "status",
        STATUSES.iter().map(|r| (r.what.to_string(), r.when, r.then)),
    );
    let codes = IssueCode::ALL.iter().map(|code| {
        let (when, then) = meaning(*code);
        (format!("`{}`", code.code()), when, then)
    });
    section(&mut page, "Codes of an issue", "code", codes);
    let with_status = |r: &Row<(&str, u16)>| (format!("`{}` ({})", r.what.0, r.what.1), r.when, r.then);
    section(
        &mut page,
        "Challenges: `WWW-Authenticate`",
        "error",
        BEARER.iter().map(with_status),
    );
    let refusals = Refusal::ALL
        .iter()
        .map(|refusal| (refusal.text().to_owned(), refusal.when(), refusal.then()));
    section(
        &mut page,
        "Why an access token is refused",
        "error_description",
        refusals,
    );
    section(
        &mut page,
        "Errors under `/oauth`",
        "error",
        OAUTH.iter().map(with_status),
    );
    section(
        &mut page,
        "Acknowledgements of HL7 v2",
        "MSA-1",
        ACKNOWLEDGEMENTS
            .iter()
            .map(|r| (r.what.to_owned(), r.when, r.then)),
    );
    page
}

const HEAD: &str = "<!-- Written by `make openapi` from crates/gateway/src/docs/errors.rs; do not edit. -->\n# Errors\n\n\
    Under `/fhir` every refusal is an OperationOutcome: `issue.code` says of which kind it is, `issue.diagnostics` what to do, and\n\
    `issue.expression` where. Under `/oauth` it is JSON with `error` and `error_description`. `X-Request-Id` is in every answer and\n\
    in the server's log. Neither repeats what patients' data holds.\n";

fn section(
    page: &mut String,
    title: &str,
    column: &str,
    rows: impl Iterator<Item = (String, &'static str, &'static str)>,
) {
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {title}\n\n| {column} | when | what to do |\n|---|---|---|\n"
    );
    for (what, when, then) in rows {
        let _ = writeln!(page, "| {what} | {when} | {then} |");
    }
}
