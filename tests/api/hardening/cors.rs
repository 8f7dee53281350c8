//! Which pages of other origins may call. <https://fetch.spec.whatwg.org/#http-cors-protocol>
use crate::auth::partner::settings;
use crate::support::{Baton, Database, Reply};
use crate::{on_both, on_both_databases};

on_both!(every_origin_may_call_but_not_sign_in);
on_both_databases!(origins_may_be_named);

const APP: &str = "https://app.example";

fn from(baton: &Baton, origin: &str, method: &str, path: &str) -> Reply {
    let request = baton.anonymous().request(method, path).header("origin", origin);
    Reply::of(match method {
        "OPTIONS" => request.header("access-control-request-method", "GET"),
        _ => request,
    })
}

fn allowed(reply: &Reply) -> &str {
    reply.header("access-control-allow-origin")
}

fn every_origin_may_call_but_not_sign_in(baton: &Baton) {
    for path in [
        "Basic",
        "metadata",
        ".well-known/smart-configuration",
        "/oauth/token",
        "/oauth/jwks",
    ] {
        for method in ["GET", "OPTIONS"] {
            let reply = from(baton, APP, method, path);
            assert_eq!(allowed(&reply), "*", "{method} {path}");
            assert_eq!(reply.header("access-control-allow-credentials"), "");
        }
    }
    for method in ["GET", "OPTIONS"] {
        let reply = from(baton, APP, method, "/oauth/authorize");
        assert_eq!(allowed(&reply), "", "{method}");
    }
    assert_eq!(
        allowed(&baton.anonymous().get("metadata")),
        "",
        "only who asks is answered"
    );
}

fn origins_may_be_named(database: Database) {
    let options = settings(&database, &format!("cors_origins = ['{APP}']\n"));
    let baton = Baton::start(database, options);
    let app = from(&baton, APP, "GET", "Basic");
    assert_eq!(
        (allowed(&app), app.header("vary").contains("Origin")),
        (APP, true)
    );
    assert_eq!(allowed(&from(&baton, APP, "OPTIONS", "/oauth/token")), APP);
    for stranger in [
        "https://evil.example",
        "https://app.example.evil.example",
        "http://app.example",
        "null",
    ] {
        for (method, path) in [
            ("GET", "Basic"),
            ("OPTIONS", "Basic"),
            ("OPTIONS", "/oauth/token"),
        ] {
            assert_eq!(
                allowed(&from(&baton, stranger, method, path)),
                "",
                "{stranger} {method} {path}"
            );
        }
        for path in ["metadata", ".well-known/smart-configuration", "/oauth/jwks"] {
            assert_eq!(
                allowed(&from(&baton, stranger, "GET", path)),
                "*",
                "{path} is for everybody"
            );
        }
    }
    let options = settings(&baton.database, "cors_origins = ['https://app.example/path']\n");
    let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
    args.extend(options.args.iter().map(String::as_str));
    let refused = baton.database.run(&args);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(2) && told.contains("cors_origins"),
        "{told}"
    );
}
