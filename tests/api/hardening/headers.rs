//! Security headers: on every answer of every door, whatever its status.
use crate::support::{Baton, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::json;

on_both!(every_answer_has_them, documentation_runs_only_what_is_here);
on_both_databases!(https_is_remembered_where_it_is_used);

const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

fn every_answer_has_them(baton: &Baton) {
    let partner = baton.partner();
    let basic = json!({"resourceType": "Basic", "id": "kept", "code": {"text": "x"}});
    let created = partner.put("Basic/kept", &basic);
    let with = |method: &str, path: &str, name: &str, value: &str| {
        Reply::of(partner.request(method, path).header(name, value))
    };
    let preflight = baton
        .anonymous()
        .request("OPTIONS", "Basic")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST");
    let answers = [
        (201, created),
        (200, partner.get("Basic/kept")),
        (304, with("GET", "Basic/kept", "if-none-match", "W/\"1\"")),
        (200, partner.get("Basic?_id=kept")),
        (200, partner.get("Basic/kept/_history")),
        (404, partner.get("Basic/nobody")),
        (404, partner.get("/nowhere")),
        (400, partner.get("Basic?nonsense=1")),
        (
            412,
            Reply::of(
                partner
                    .request("PUT", "Basic/kept")
                    .header("if-match", "W/\"9\"")
                    .json(&basic),
            ),
        ),
        (401, baton.anonymous().get("Basic/kept")),
        (204, Reply::of(preflight)),
        (
            401,
            baton
                .anonymous()
                .form("/oauth/token", &[("grant_type", "client_credentials")]),
        ),
        (200, baton.anonymous().get("/fhir/metadata")),
        (200, baton.anonymous().get("/healthz")),
        (414, partner.get(&format!("Basic?_id={}", "x".repeat(61 * 1024)))),
        (204, partner.delete("Basic/kept")),
    ];
    for (status, reply) in answers {
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_eq!(
            reply.header("cache-control"),
            "no-store",
            "{status} {}",
            reply.text
        );
        assert_eq!(reply.header("content-security-policy"), DATA, "{status}");
        common(&reply);
    }
    // What everybody may know may be kept.
    for path in ["/fhir/.well-known/smart-configuration", "/oauth/jwks"] {
        let public = baton.anonymous().get(path);
        assert!(public.header("cache-control").starts_with("public"), "{path}");
        common(&public);
    }
}

fn common(reply: &Reply) {
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(
        reply.header("strict-transport-security"),
        "",
        "this is plain HTTP"
    );
}

/// The policy of `/docs` allows what its pages load, and they load nothing from elsewhere.
fn documentation_runs_only_what_is_here(baton: &Baton) {
    let page = baton.anonymous().get("/docs/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(directive), "{directive} in {policy}");
    }
    assert!(!policy.contains("'unsafe-eval'"), "{policy}");
    common(&page);
    let scripts: Vec<&str> = page.text.split("<script").skip(1).collect();
    assert!(scripts.len() >= 3, "{}", page.text);
    for script in scripts {
        let (tag, rest) = script.split_once('>').expect("a tag");
        let source = attribute(tag, "src").unwrap_or_else(|| panic!("an inline script: {script}"));
        assert!(
            rest.trim_start().starts_with("</script>"),
            "an inline script: {script}"
        );
        assert_eq!(asset(baton, source).status, 200, "{source}");
    }
    for link in page.text.split("<link").skip(1) {
        let source = attribute(link, "href").expect("an address");
        assert_eq!(asset(baton, source).status, 200, "{source}");
    }
}

fn asset(baton: &Baton, source: &str) -> Reply {
    assert!(!source.contains("//"), "{source} is elsewhere");
    let reply = baton
        .anonymous()
        .get(&format!("/docs/{}", source.trim_start_matches("./")));
    common(&reply);
    reply
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

/// TLS may end before Baton: the public address decides.
fn https_is_remembered_where_it_is_used(database: Database) {
    let args = ["--public-url", "https://baton.example"]
        .map(String::from)
        .to_vec();
    let baton = Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    );
    for path in ["/fhir/metadata", "/docs/", "Basic/nobody"] {
        let reply = baton.anonymous().get(path);
        assert_eq!(
            reply.header("strict-transport-security"),
            "max-age=31536000",
            "{path}"
        );
    }
}
