//! Who calls too fast waits, and nobody else does.
use crate::auth::partner::{KEYS, claims, fails, narrowed, present, register, register_secret, settings};
use crate::on_both_databases;
use crate::support::{Baton, Client, Database, Reply};
use jsonwebtoken::Algorithm;
use std::time::Duration;

on_both_databases!(
    a_client_in_a_hurry_waits_and_others_do_not,
    failed_logins_are_slowed_down_and_known_tokens_are_not,
    callers_without_a_token_are_counted_by_address,
    proxies_tell_who_calls
);

fn limited(database: Database, limits: &str) -> Baton {
    let options = settings(&database, limits);
    Baton::start(database, options)
}

/// The seconds a refused caller is told to wait.
fn told_to_wait(reply: &Reply) -> u64 {
    reply.header("retry-after").parse().expect("Retry-After")
}

fn a_client_in_a_hurry_waits_and_others_do_not(database: Database) {
    let baton = limited(database, "[limits]\nrequests_per_second = 1\nburst = 5\n");
    let owner = register_secret(&baton.database, "system/*.rs");
    let (one, same) = (
        narrowed(&baton, &owner, "system/*.rs"),
        narrowed(&baton, &owner, "system/*.rs"),
    );
    let other = baton.partner();
    // Its tokens share the client's pace.
    let replies: Vec<Reply> = (0..10)
        .map(|n| if n % 2 == 0 { &one } else { &same }.get("Basic?_count=1"))
        .collect();
    let served = replies.iter().filter(|reply| reply.status == 200).count();
    assert!((5..=7).contains(&served), "{served}");
    let last = replies.last().expect("ten");
    let outcome = last.refused(429, "slower");
    assert_eq!(outcome["issue"][0]["code"], "throttled");
    assert_eq!(other.get("Basic?_count=1").status, 200);
    std::thread::sleep(Duration::from_secs(told_to_wait(last)));
    assert_eq!(
        one.get("Basic?_count=1").status,
        200,
        "who waits as told is served"
    );
    let counted = "baton_throttled_total{why=\"client\"}";
    assert!(baton.anonymous().get("/metrics").text.contains(counted));
}

fn failed_logins_are_slowed_down_and_known_tokens_are_not(database: Database) {
    let baton = limited(database, "[limits]\nlogin_failures = 5\n");
    let (id, secret) = register_secret(&baton.database, "system/*.rs");
    let keyed = register(&baton.database, &KEYS, "system/*.rs");
    let known = Client::with_secret(&baton.base, &id, &secret);
    assert_eq!(known.get("Basic?_count=1").status, 200);
    let unknown = Client::with_secret(&baton.base, &id, &secret);
    let log_in = |secret: &str| {
        let grant = ("grant_type", "client_credentials");
        let fields = [grant, ("client_id", &*id), ("client_secret", secret)];
        baton.anonymous().form("/oauth/token", &fields)
    };
    // A secret, an assertion and a token are one count.
    for _ in 0..3 {
        fails(&log_in("wrong"), 401, "invalid_client", "no enabled client");
    }
    let assertion = KEYS.sign(Algorithm::ES384, "RS384", &claims(&baton, &keyed));
    fails(
        &present(&baton.anonymous(), &assertion),
        401,
        "invalid_client",
        "alg",
    );
    let mut forger = baton.anonymous();
    forger.token = Some("forged.token.here".into());
    forger.get("Basic?_count=1").refused(401, "malformed");

    let refused = log_in(&secret);
    fails(&refused, 429, "temporarily_unavailable", "refused");
    assert!(
        (1..=12).contains(&told_to_wait(&refused)),
        "{}",
        told_to_wait(&refused)
    );
    let outcome = forger.get("Basic?_count=1").refused(429, "refused");
    assert_eq!(outcome["issue"][0]["code"], "throttled");
    unknown.get("Basic?_count=1").refused(429, "refused");
    for _ in 0..20 {
        assert_eq!(
            known.get("Basic?_count=1").status,
            200,
            "a token that was good before"
        );
    }
    std::thread::sleep(Duration::from_secs(told_to_wait(&refused)));
    assert_eq!(log_in(&secret).status, 200);
    let counted = "baton_throttled_total{why=\"failures\"}";
    assert!(baton.anonymous().get("/metrics").text.contains(counted));
}

fn callers_without_a_token_are_counted_by_address(database: Database) {
    let baton = limited(database, "[limits]\nanonymous_per_second = 1\n");
    let partner = baton.partner();
    // However slow the machine: a place comes free each second.
    let refused = |client: &Client| {
        let mut replies = (0..60).map(|_| client.get("metadata"));
        let served = replies
            .by_ref()
            .take(8)
            .filter(|reply| reply.status == 200)
            .count();
        (
            served,
            replies.find(|reply| reply.status == 429).expect("a refusal"),
        )
    };
    let (served, refusal) = refused(&baton.anonymous());
    assert_eq!(served, 8);
    refusal.refused(429, "without a token");
    assert!(told_to_wait(&refusal) >= 1);
    // Neither does a token that is none help, nor are probes refused.
    let mut forger = baton.anonymous();
    forger.token = Some("x".into());
    assert!(refused(&forger).0 < 8);
    assert_eq!(baton.anonymous().get("/readyz").status, 200);
    std::thread::sleep(Duration::from_secs(2));
    for _ in 0..20 {
        assert_eq!(partner.get("Basic?_count=1").status, 200);
    }
}

fn proxies_tell_who_calls(database: Database) {
    let baton = limited(
        database,
        "trusted_proxies = ['127.0.0.0/8']\n[limits]\nlogin_failures = 1\n",
    );
    let from = |address: &str| {
        let mut client = baton.anonymous();
        client.token = Some("forged".into());
        Reply::of(client.request("GET", "Basic").header("x-forwarded-for", address))
    };
    assert_eq!(from("192.0.2.1").status, 401);
    assert_eq!(from("192.0.2.1").status, 429);
    assert_eq!(from("192.0.2.2").status, 401, "another caller by the same proxy");
    assert_eq!(
        from("192.0.2.3, 192.0.2.2").status,
        429,
        "only what the proxy wrote counts"
    );
}
