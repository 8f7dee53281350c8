//! `baton token explain`: why a token is refused, in the words of the gateway that would refuse it.
use super::partner::*;
use crate::on_both;
use crate::support::{Baton, Client};
use std::io::Write;
use std::process::{Command, Stdio};

on_both!(a_token_is_explained_as_it_stands);

fn explain(baton: &Baton, token: &str) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_baton"))
        .args(["token", "explain", "-", "--database", baton.database.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut input = process.stdin.take().expect("piped");
    writeln!(input, "{token}").expect("sent");
    drop(input);
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let signature = token.rsplit('.').next().filter(|part| part.len() > 20);
    assert!(
        signature.is_none_or(|signature| !said.contains(signature)),
        "{said}"
    );
    said
}

fn a_token_is_explained_as_it_stands(baton: &Baton) {
    let owner = register_secret(
        &baton.database,
        "system/Patient.rs system/Observation.r?category=laboratory",
    );
    let client = Client::with_secret(&baton.base, &owner.0, &owner.1);
    let token = client.token.as_deref().expect("a token");
    let good = explain(baton, token);
    for words in [
        "verdict    good",
        "read, search Patient of everybody",
        "read Observation of everybody, only what its query finds",
        &owner.0,
        "seconds",
    ] {
        assert!(good.contains(words), "{words} in {good}");
    }
    let (head, signature) = token.rsplit_once('.').expect("a JWT");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{head}.{other}{}", &signature[1..]);
    let cases = [
        (format!("Bearer {token}"), "malformed"),
        ("nonsense".into(), "malformed"),
        (head.to_string(), "malformed"),
        (changed, "does not verify"),
        (
            KEYS.sign(jsonwebtoken::Algorithm::ES384, "x", &claims(baton, &owner.0)),
            "malformed",
        ),
    ];
    for (token, words) in cases {
        let said = explain(baton, &token);
        let verdict = said.lines().last().unwrap_or_default();
        assert!(
            verdict.starts_with("verdict    refused") && verdict.contains(words),
            "{words} in {said}"
        );
    }
    let fields = [
        ("token", token),
        ("client_id", &owner.0),
        ("client_secret", &owner.1),
    ];
    assert_eq!(baton.anonymous().form("/oauth/revoke", &fields).status, 200);
    assert!(explain(baton, token).contains("refused: The access token was revoked"));
    baton.database.run_json(&["client", "disable", &owner.0]);
    assert!(explain(baton, token).contains("refused: The client is disabled"));
}
