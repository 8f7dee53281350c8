//! Signing keys lie sealed: a dump of the database makes no tokens.
use crate::auth::partner::register_secret;
use crate::on_both_databases;
use crate::support::{Baton, Client, Database, Options};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

on_both_databases!(
    a_given_key_seals_and_no_other_opens,
    keys_that_lay_open_are_sealed,
    a_lost_key_is_told_and_replaced
);

const STORED: &str = "SELECT private AS text FROM signing_key ORDER BY created DESC";
/// How an elliptic curve key begins in PKCS#8, as base64.
const OPEN: &str = "MIG";

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn sealed_with(byte: u8) -> Options {
    Options {
        env: vec![("BATON_SECRET_KEY".into(), key(byte))],
        ..Options::default()
    }
}

/// Why `baton serve` does not start.
fn refused(database: &Database, env: &[(&str, &str)]) -> String {
    let output = database.run_in(env, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn a_given_key_seals_and_no_other_opens(database: Database) {
    // Tokens name where they are good, so the port must not matter.
    let at_home = |byte| Options {
        args: ["--public-url", "https://baton.example"].map(String::from).into(),
        ..sealed_with(byte)
    };
    let first = Baton::on(Arc::new(database), &at_home(1));
    let database = first.database.clone();
    assert!(
        database.peek(STORED).starts_with("sealed:1:"),
        "{}",
        database.peek(STORED)
    );
    let (id, secret) = register_secret(&database, "system/*.rs");
    let token = Client::with_secret(&first.base, &id, &secret).token;
    assert!(first.terminate().success());

    let other = refused(&database, &[("BATON_SECRET_KEY", &key(2))]);
    assert!(
        other.contains("is sealed with the key") && other.contains("the one given is"),
        "{other}"
    );
    assert!(!other.contains(&key(2)), "{other}");
    let none = refused(&database, &[]);
    assert!(none.contains("is sealed with the key"), "{none}");
    let malformed = refused(&database, &[("BATON_SECRET_KEY", "too short")]);
    assert!(
        malformed.contains("32 random bytes") && !malformed.contains("too short"),
        "{malformed}"
    );
    // Nor are new keys put beside those that do not open.
    let rotate = database.run_in(&[("BATON_SECRET_KEY", &key(2))], &["keys", "rotate"]);
    assert_eq!(rotate.status.code(), Some(1), "{rotate:?}");

    let again = Baton::on(database, &at_home(1));
    let mut client = again.anonymous();
    client.token = token;
    assert_eq!(
        client.get("Basic").status,
        200,
        "a token outlives the process that made it"
    );
    let rotated = again
        .database
        .run_in(&[("BATON_SECRET_KEY", &key(1))], &["keys", "rotate"]);
    assert!(rotated.status.success(), "{rotated:?}");
    assert!(again.database.peek(STORED).starts_with("sealed:1:"));
    assert!(!again.log().contains(&key(1)));
}

/// As an earlier release left them.
fn keys_that_lay_open_are_sealed(database: Database) {
    let before = Baton::on(Arc::new(database), &Options::default());
    let database = before.database.clone();
    before.kill();
    let private = gateway::edge::signing_key();
    let open = STANDARD.encode(private);
    assert!(open.starts_with(OPEN));
    database.alter(&format!("UPDATE signing_key SET private = '{open}'"));
    let after = Baton::on(database.clone(), &sealed_with(3));
    assert!(database.peek(STORED).starts_with("sealed:1:"));
    assert!(
        after.log().contains("signing keys were sealed"),
        "{}",
        after.log()
    );
    let (id, secret) = register_secret(&database, "system/*.rs");
    assert_eq!(
        Client::with_secret(&after.base, &id, &secret).get("Basic").status,
        200
    );
    if let Some(file) = database.sqlite_file() {
        assert!(after.terminate().success());
        let bytes = std::fs::read(file).expect("the database");
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(
            holds("sealed:1:") && !holds(&open),
            "the open key is gone from the file too"
        );
    }
}

fn a_lost_key_is_told_and_replaced(database: Database) {
    let first = Baton::on(Arc::new(database), &Options::default());
    let database = first.database.clone();
    let (id, secret) = register_secret(&database, "system/*.rs");
    let client = Client::with_secret(&first.base, &id, &secret);
    assert_eq!(client.get("Basic").status, 200);
    match database.sqlite_file() {
        // Without any setting the key lies beside the database, for its owner alone.
        Some(file) => {
            let beside = format!("{file}.key");
            let about = std::fs::metadata(&beside).expect("the key file");
            assert_eq!(std::os::unix::fs::MetadataExt::mode(&about) & 0o777, 0o600);
            assert!(database.peek(STORED).starts_with("sealed:1:"));
            std::fs::remove_file(&beside).expect("removed");
            let told = refused(&database, &[]);
            assert!(
                told.contains("baton.db.key is missing") && told.contains("keys replace"),
                "{told}"
            );
        }
        // On PostgreSQL there is no such place: that keys lie open is told at every start.
        None => {
            assert!(database.peek(STORED).starts_with(OPEN));
            assert!(first.log().contains("BATON_SECRET_KEY"), "{}", first.log());
        }
    }
    // Tokens made with the keys that are gone are refused, also by a gateway that knew them.
    database.run_json(&["keys", "replace"]);
    let over = crate::auth::lifetimes::eventually(|| client.get("Basic"), |reply| reply.status == 401);
    over.refused(401, "no longer, in use");
    assert_eq!(
        Client::with_secret(&first.base, &id, &secret).get("Basic").status,
        200
    );
}
