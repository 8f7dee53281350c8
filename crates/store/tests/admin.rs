//! Clients, senders, keys, used ids and import marks, on both engines.
mod support;

use store::Store;
use store::admin::{Client, EPOCH_AUTH, EPOCH_SENDER, ImportFile, SenderRow, SigningKey};
use support::each_engine;

fn client(id: &str) -> Client {
    Client {
        id: id.into(),
        name: "EHR".into(),
        scope: "system/*.rs".into(),
        secret_hash: Some("sha256:x".into()),
        jwks: None,
        jwks_url: None,
        created: 1,
        disabled: None,
        public: false,
        grant_types: "client_credentials".into(),
        redirect_uris: String::new(),
        launch_url: None,
        organization: None,
    }
}

fn key(kid: &str, created: i64) -> SigningKey {
    SigningKey {
        kid: kid.into(),
        algorithm: "ES256".into(),
        private: "AA==".into(),
        created,
        retired: None,
    }
}

async fn epoch(store: &Store, name: &'static str) -> i64 {
    store.read(move |tx| tx.epoch(name)).await.expect("an epoch")
}

#[test]
fn every_change_moves_the_epoch_even_when_many_change_at_once() {
    each_engine(|store| async move {
        assert_eq!(epoch(&store, EPOCH_AUTH).await, 0);
        let adding = (0..20).map(|number| {
            let row = client(&format!("c{number}"));
            store.write(move |tx| tx.insert_client(&row))
        });
        for added in futures_util::future::join_all(adding).await {
            added.expect("added");
        }
        assert_eq!(epoch(&store, EPOCH_AUTH).await, 20);
        assert_eq!(epoch(&store, EPOCH_SENDER).await, 0);
    });
}

#[test]
fn a_client_is_changed_as_a_whole() {
    each_engine(|store| async move {
        store
            .write(|tx| tx.insert_client(&client("a")))
            .await
            .expect("added");
        let changed = Client {
            secret_hash: None,
            jwks: Some("{}".into()),
            disabled: Some(7),
            ..client("a")
        };
        assert!(
            store
                .write(move |tx| tx.update_client(&changed))
                .await
                .expect("changed")
        );
        let held = store
            .read(|tx| tx.client("a"))
            .await
            .expect("read")
            .expect("there");
        assert_eq!(
            (held.secret_hash, held.jwks.as_deref(), held.disabled),
            (None, Some("{}"), Some(7))
        );
        assert_eq!(store.read(|tx| tx.disabled_clients()).await.expect("read"), ["a"]);
        assert!(
            !store
                .write(|tx| tx.update_client(&client("b")))
                .await
                .expect("no such client")
        );
        assert!(store.read(|tx| tx.client("b")).await.expect("read").is_none());
    });
}

#[test]
fn an_id_is_used_once_however_many_try() {
    each_engine(|store| async move {
        let trying = (0..16).map(|_| store.write(|tx| tx.use_jti("a", "1", 100)));
        let tried = futures_util::future::join_all(trying).await;
        assert_eq!(
            tried
                .into_iter()
                .filter(|first| *first.as_ref().expect("tried"))
                .count(),
            1
        );
        assert!(
            store
                .write(|tx| tx.use_jti("b", "1", 200))
                .await
                .expect("another issuer")
        );
        assert_eq!(
            store.read(|tx| tx.used_jtis("b", 150)).await.expect("read"),
            ["1"]
        );
        assert!(
            store
                .read(|tx| tx.used_jtis("b", 200))
                .await
                .expect("read")
                .is_empty()
        );
        assert_eq!(store.write(|tx| tx.forget_jtis(150)).await.expect("forgotten"), 1);
        assert!(
            store
                .write(|tx| tx.use_jti("a", "1", 300))
                .await
                .expect("free again")
        );
    });
}

#[test]
fn keys_are_retired_and_forgotten_by_time() {
    each_engine(|store| async move {
        store
            .write(|tx| tx.insert_signing_key(&key("old", 1)))
            .await
            .expect("added");
        assert_eq!(
            store
                .write(|tx| tx.retire_signing_keys(10))
                .await
                .expect("retired"),
            1
        );
        store
            .write(|tx| tx.insert_signing_key(&key("new", 10)))
            .await
            .expect("added");
        let kids = |keys: Vec<SigningKey>| keys.into_iter().map(|key| key.kid).collect::<Vec<_>>();
        assert_eq!(
            kids(store.read(|tx| tx.signing_keys()).await.expect("read")),
            ["new", "old"]
        );
        assert_eq!(
            store.write(|tx| tx.forget_signing_keys(10)).await.expect("none"),
            0
        );
        assert_eq!(
            store.write(|tx| tx.forget_signing_keys(11)).await.expect("one"),
            1
        );
        assert_eq!(
            kids(store.read(|tx| tx.signing_keys()).await.expect("read")),
            ["new"]
        );
    });
}

#[test]
fn senders_and_import_marks_are_kept() {
    each_engine(|store| async move {
        let row = SenderRow {
            name: "general".into(),
            application: "EPIC".into(),
            facility: "GENERAL".into(),
            config: "{}".into(),
            created: 1,
            disabled: None,
        };
        let (first, changed) = (
            row.clone(),
            SenderRow {
                disabled: Some(5),
                ..row
            },
        );
        store
            .write(move |tx| tx.insert_sender(&first))
            .await
            .expect("added");
        assert!(
            store
                .write(move |tx| tx.update_sender(&changed))
                .await
                .expect("changed")
        );
        assert_eq!(
            store.read(|tx| tx.senders()).await.expect("read")[0].disabled,
            Some(5)
        );
        assert_eq!(epoch(&store, EPOCH_SENDER).await, 2);

        for done in [0, 500] {
            let mark = ImportFile {
                path: "/a".into(),
                hash: "h".into(),
                done,
                updated: 1,
            };
            store
                .write(move |tx| tx.put_import_file(&mark))
                .await
                .expect("kept");
        }
        assert_eq!(
            store
                .read(|tx| tx.import_file("/a"))
                .await
                .expect("read")
                .expect("there")
                .done,
            500
        );
    });
}
