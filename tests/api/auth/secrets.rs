//! Clients with a secret, and what the token endpoint refuses of anybody.
use super::partner::*;
use crate::on_both;
use crate::support::{Baton, Client, Reply};

on_both!(
    a_secret_works_by_basic_and_by_form,
    wrong_credentials_are_refused,
    scopes_stay_within_the_registration,
    only_client_credentials_are_granted,
    a_disabled_client_is_out,
    a_rotated_secret_replaces_the_old_one
);

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn by_basic(client: &Client, id: &str, secret: &str) -> Reply {
    let request = client
        .request("POST", "/oauth/token")
        .basic_auth(id, Some(secret));
    let media = "application/x-www-form-urlencoded";
    Reply::of(
        request
            .header("content-type", media)
            .body("grant_type=client_credentials"),
    )
}

fn by_form(client: &Client, id: &str, secret: &str) -> Reply {
    client.form(
        "/oauth/token",
        &[GRANT, ("client_id", id), ("client_secret", secret)],
    )
}

fn a_secret_works_by_basic_and_by_form(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/Patient.rs");
    for way in [by_basic, by_form] {
        let mut client = baton.anonymous();
        let granted = way(&client, &id, &secret).ok();
        client.token = Some(text(&granted, "access_token"));
        assert_eq!(client.get("Patient").status, 200);
    }
    let listed = baton.database.run_json(&["client", "list"]).to_string();
    assert!(listed.contains(&id) && !listed.contains(&secret), "{listed}");
}

fn wrong_credentials_are_refused(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/Patient.rs");
    let keyed = register(&baton.database, &KEYS, "system/Patient.rs");
    let anyone = baton.anonymous();
    for (id, secret) in [(id.as_str(), "wrong"), ("nobody", &secret), (&keyed, &secret)] {
        fails(
            &by_form(&anyone, id, secret),
            401,
            "invalid_client",
            "no enabled client",
        );
        let basic = by_basic(&anyone, id, secret);
        fails(&basic, 401, "invalid_client", "no enabled client");
        assert!(basic.header("www-authenticate").starts_with("Basic"));
    }
    let none = anyone.form("/oauth/token", &[GRANT, ("client_id", &id)]);
    fails(&none, 401, "invalid_client", "authenticate");
    let both = anyone
        .request("POST", "/oauth/token")
        .basic_auth(&id, Some(&secret));
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let both = both
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    fails(&Reply::of(both), 400, "invalid_request", "one method");
}

fn scopes_stay_within_the_registration(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/Patient.rs system/Task.cru");
    let ask = |scope: &str| {
        let (id, secret) = &registered;
        let fields = [
            GRANT,
            ("client_id", id),
            ("client_secret", secret),
            ("scope", scope),
        ];
        baton.anonymous().form("/oauth/token", &fields)
    };
    assert_eq!(ask("system/Task.r").ok()["scope"], "system/Task.r");
    assert_eq!(ask("").ok()["scope"], "system/Patient.rs system/Task.cru");
    for beyond in [
        "system/Patient.cruds",
        "system/Task.rs",
        "system/*.r",
        "system/Patient.rs system/Observation.r",
    ] {
        fails(&ask(beyond), 400, "invalid_scope", "goes beyond");
    }
    fails(&ask("user/Patient.rs"), 400, "invalid_scope", "needs a user");
    fails(&ask("patient/Patient.rs"), 400, "invalid_scope", "needs a user");
    fails(
        &ask("system/Nonsense.rs"),
        400,
        "invalid_scope",
        "R4 resource type",
    );
    fails(&ask("system/Patient.sr"), 400, "invalid_scope", "order");
}

fn only_client_credentials_are_granted(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/Patient.rs");
    let ask = |grant: &str| {
        let fields = [
            ("grant_type", grant),
            ("client_id", &id),
            ("client_secret", &secret),
        ];
        baton.anonymous().form("/oauth/token", &fields)
    };
    for grant in ["password", "implicit"] {
        fails(&ask(grant), 400, "unsupported_grant_type", "client_credentials");
    }
    for grant in ["authorization_code", "refresh_token"] {
        fails(&ask(grant), 400, "unauthorized_client", "not registered");
    }
    fails(&ask(""), 400, "invalid_request", "grant_type");
    let in_url = format!("/oauth/token?grant_type=client_credentials&client_id={id}&client_secret={secret}");
    fails(
        &baton.anonymous().form(&in_url, &[GRANT]),
        400,
        "invalid_request",
        "URL",
    );
    assert!(!baton.log().contains(&secret));
}

fn a_disabled_client_is_out(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/Patient.rs");
    let client = Client::with_secret(&baton.base, &id, &secret);
    assert_eq!(client.get("Patient").status, 200);
    baton.database.run_json(&["client", "disable", &id]);
    fails(
        &by_form(&baton.anonymous(), &id, &secret),
        401,
        "invalid_client",
        "no enabled client",
    );
    let refused = super::lifetimes::eventually(|| client.get("Patient"), |reply| reply.status == 401);
    refused.refused(401, "disabled");
}

fn a_rotated_secret_replaces_the_old_one(baton: &Baton) {
    let (id, old) = register_secret(&baton.database, "system/Patient.rs");
    let fresh = text(
        &baton.database.run_json(&["client", "rotate", &id, "--secret"]),
        "client_secret",
    );
    assert_ne!(fresh, old);
    fails(
        &by_form(&baton.anonymous(), &id, &old),
        401,
        "invalid_client",
        "no enabled client",
    );
    assert_eq!(by_form(&baton.anonymous(), &id, &fresh).status, 200);
}
