//! What a provider says wrong lets nobody in, and whoever comes back must be who went.
use super::*;

on_both_databases!(
    what_a_provider_says_wrong_lets_nobody_in,
    who_comes_back_must_be_who_went
);

/// The log may come a moment later.
fn logged(baton: &Baton, words: &str) -> bool {
    (0..20).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        baton.log().contains(words)
    })
}

fn what_a_provider_says_wrong_lets_nobody_in(database: Database) {
    let (provider, baton) = serving(database, BY_CLAIM);
    person("ada", &baton);
    let app = App::public(&baton, SCOPE);
    let open = |browser: &Browser| asked(&provider, &browser.open(&app.request(SCOPE, &[])));
    let now = seconds();
    let spoiled = [
        ("not one for us", json!({"iss": "https://elsewhere.example"})),
        ("not one for us", json!({"aud": "another app"})),
        (
            "to another app",
            json!({"aud": ["baton at river", "x"], "azp": "x"}),
        ),
        ("expired", json!({"exp": now - 1})),
        ("of the future", json!({"iat": now + 120})),
        ("not the answer", json!({"nonce": "another"})),
        ("names nobody", json!({"sub": ""})),
    ];
    let fails = |words: &str, answer: &dyn Fn(&HashMap<String, String>)| {
        let browser = Browser::new(&baton);
        let asked = open(&browser);
        answer(&asked);
        let shown = back(&browser, &asked, &[("code", "a-code-of-theirs")]);
        assert_eq!(
            (shown.reply.status, shown.title()),
            (502, "Sign in"),
            "{words}: {}",
            shown.reply.text
        );
        assert!(
            !shown.reply.text.contains(words) && logged(&baton, words),
            "{words} in {}",
            baton.log()
        );
        assert_eq!(
            browser.open(&app.request(SCOPE, &[])).reply.status,
            303,
            "nobody is signed in"
        );
    };
    let good = json!({"fhirUser": "Patient/ada"});
    for (words, more) in &spoiled {
        fails(words, &|asked| {
            let mut claims = claims(&provider, asked, &good);
            for (name, value) in more.as_object().expect("claims") {
                claims[name] = value.clone();
            }
            gives(&provider, &KEYS.sign(Algorithm::RS256, "RS256", &claims));
        });
    }
    fails("an algorithm that is not allowed", &|asked| {
        gives(
            &provider,
            &KEYS.sign(Algorithm::ES384, "ES384", &claims(&provider, asked, &good)),
        );
    });
    fails("an algorithm that is not allowed", &|asked| {
        let header = Header {
            kid: Some("RS256".into()),
            ..Header::new(Algorithm::HS256)
        };
        let public = KEYS.jwk(Algorithm::RS256)["n"]
            .as_str()
            .expect("a modulus")
            .to_owned();
        let key = EncodingKey::from_secret(public.as_bytes());
        gives(
            &provider,
            &jsonwebtoken::encode(&header, &claims(&provider, asked, &good), &key).expect("a JWT"),
        );
    });
    fails("does not verify", &|asked| {
        let other = Keys::generate();
        gives(
            &provider,
            &other.sign(Algorithm::RS256, "RS256", &claims(&provider, asked, &good)),
        );
    });
    fails("does not verify", &|asked| {
        gives(
            &provider,
            &KEYS.sign(Algorithm::RS256, "invented", &claims(&provider, asked, &good)),
        );
    });
    fails("malformed", &|_| gives(&provider, "nonsense"));
    fails("gave no id_token", &|_| provider.says("/token", OK, "{}".into()));
    fails("answered 400", &|_| {
        provider.says("/token", "400 Bad Request", "{}".into())
    });
    fails("larger than 64 KiB", &|_| {
        provider.says("/token", OK, "x".repeat(70_000))
    });
    // It says by itself that it did not work.
    for (error, status, words) in [
        ("access_denied", 403, "You did not sign in there"),
        ("<script>", 403, "did not sign you in"),
        ("", 400, "did not say who you are"),
    ] {
        let browser = Browser::new(&baton);
        let asked = open(&browser);
        let shown = back(
            &browser,
            &asked,
            &[("error", error), ("error_description", "<b>theirs</b>")],
        );
        assert_eq!(shown.reply.status, status, "{error}");
        assert!(
            shown.reply.text.contains(words) && !shown.reply.text.contains("theirs"),
            "{}",
            shown.reply.text
        );
        assert!(shown.reply.text.contains("../authorize/"), "one may try again");
    }
    // Nobody knows them, or claims of people elsewhere are made.
    for claim in [
        json!({}),
        json!({"fhirUser": "https://elsewhere.example/fhir/Patient/ada"}),
        json!({"fhirUser": "Group/x"}),
    ] {
        let browser = Browser::new(&baton);
        let shown = browser.open(&app.request(SCOPE, &[]));
        assert_eq!(
            signed_in(&provider, &browser, &shown, &claim).reply.status,
            403,
            "{claim}"
        );
    }
    assert_eq!(baton.database.run_json(&["account", "list"]), json!([]));
}

fn who_comes_back_must_be_who_went(database: Database) {
    let (provider, baton) = serving(database, BY_CLAIM);
    person("ada", &baton);
    let app = App::public(&baton, SCOPE);
    let (browser, victim) = (Browser::new(&baton), Browser::new(&baton));
    let asked_of = |browser: &Browser| asked(&provider, &browser.open(&app.request(SCOPE, &[])));
    let (asked, _) = (asked_of(&browser), asked_of(&victim));
    let token = KEYS.sign(
        Algorithm::RS256,
        "RS256",
        &claims(&provider, &asked, &json!({"fhirUser": "Patient/ada"})),
    );
    gives(&provider, &token);
    let code = [("code", "a-code-of-theirs")];
    let over = |shown: &Shown| assert_eq!((shown.reply.status, shown.title()), (400, "This cannot go on"));
    // Somebody else's answer, in the victim's browser.
    over(&back(&victim, &asked, &code));
    let mut changed = asked.clone();
    for state in ["", "x", ".", "x.y", &format!("{}x", asked["state"])] {
        changed.insert("state".into(), state.into());
        over(&back(&browser, &changed, &code));
    }
    // That used the errand up: even the right answer comes too late.
    over(&back(&browser, &asked, &code));
    assert!(provider.heard("/token").is_empty());
    let fresh = asked_of(&browser);
    assert!(fresh["nonce"] != asked["nonce"] && fresh["code_challenge"] != asked["code_challenge"]);
    let elsewhere = [("code", "a-code-of-theirs"), ("iss", "https://elsewhere.example")];
    assert_eq!(back(&browser, &fresh, &elsewhere).reply.status, 400);
    let fresh = asked_of(&browser);
    let token = KEYS.sign(
        Algorithm::RS256,
        "RS256",
        &claims(&provider, &fresh, &json!({"fhirUser": "Patient/ada"})),
    );
    gives(&provider, &token);
    let right = [("code", "a-code-of-theirs"), ("iss", provider.base.as_str())];
    assert_eq!(back(&browser, &fresh, &right).title(), "Allow Heart App?");
    over(&back(&browser, &fresh, &right));
    assert_eq!(provider.heard("/token").len(), 1);
    assert_eq!(baton.anonymous().get("/oauth/provider/callback").status, 400);
    // A provider that is away.
    provider.says("/.well-known/openid-configuration", "500 Oh dear", String::new());
    assert!(
        Browser::new(&baton)
            .open(&app.request(SCOPE, &[]))
            .url
            .starts_with(&provider.base),
        "its document is kept"
    );
}
