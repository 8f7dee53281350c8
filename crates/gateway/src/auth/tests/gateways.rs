//! Several gateways on one database: what one does, the others follow.
use super::support::*;
use crate::auth::keys::{self, LEAD};
use crate::auth::scope::Scopes;
use crate::edge;

#[actix_web::test]
async fn a_rotated_key_signs_once_all_know_it_and_the_old_one_still_verifies() {
    let first = Gateway::new().await;
    let second = Gateway::on(first.state.store.clone(), |_| {}).await;
    let now = edge::now();
    let issue = |at| {
        first
            .state
            .auth
            .issue_to(
                "somebody",
                "somebody",
                &Scopes::everything(),
                Default::default(),
                at,
            )
            .unwrap()
    };
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let old = issue(now);

    let fresh = first
        .state
        .store
        .write(move |tx| keys::rotate(tx, now))
        .await
        .unwrap();
    for gateway in [&first, &second] {
        gateway.state.auth.refresh(now).await.unwrap();
        assert_eq!(gateway.state.auth.standing().keys.public().keys.len(), 2);
    }
    assert_eq!(kid(&issue(now)), kid(&old));
    let new = issue(now + LEAD);
    assert_eq!((kid(&new), kid(&new) == kid(&old)), (fresh, false));
    for token in [&old, &new] {
        assert!(second.state.auth.check(token, now + LEAD).is_ok());
    }
}

#[actix_web::test]
async fn retired_keys_go_once_no_token_can_need_them() {
    let gateway = Gateway::new().await;
    let store = &gateway.state.store;
    let now = edge::now();
    store.write(move |tx| keys::rotate(tx, now)).await.unwrap();
    let later = now + LEAD + 3_601_000_000;
    store.write(move |tx| keys::rotate(tx, later)).await.unwrap();
    let left = store.read(|tx| tx.signing_keys()).await.unwrap();
    assert_eq!(left.iter().filter(|key| key.retired.is_none()).count(), 1);
    assert_eq!(left.len(), 2);
}

#[actix_web::test]
async fn gateways_that_start_together_share_one_key() {
    let folder = Folder::new();
    let store = folder.store();
    let one = Gateway::on(store.clone(), |_| {});
    let two = Gateway::on(store.clone(), |_| {});
    let (one, two) = futures_util::future::join(one, two).await;
    let kid = |gateway: &Gateway| {
        gateway.state.auth.standing().keys.public().keys[0]
            .common
            .key_id
            .clone()
    };
    assert_eq!(kid(&one), kid(&two));
}

#[actix_web::test]
async fn a_disabled_client_is_out_everywhere() {
    let first = Gateway::new().await;
    let second = Gateway::on(first.state.store.clone(), |_| {}).await;
    let (id, secret) = first.secret_client("system/*.rs").await;
    let token = first.token(&id, &secret, "system/*.rs").await;
    assert_eq!(second.probe(&token).await.status, 200);

    let disabled = id.clone();
    first
        .state
        .store
        .write(move |tx| {
            let mut client = tx.client(&disabled)?.expect("it was added");
            client.disabled = Some(1);
            tx.update_client(&client)
        })
        .await
        .unwrap();
    second.state.auth.refresh(edge::now()).await.unwrap();
    let reply = second.probe(&token).await;
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").contains("disabled"));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    first
        .form("/oauth/token", &fields)
        .await
        .fails("invalid_client", "no enabled client");
}
