//! Settings from all their sources.
use super::{Auth, Config, ConfigError, Overrides};

fn with_file(name: &str, text: &str, over: Overrides) -> Result<Config, ConfigError> {
    let path = std::env::temp_dir().join(format!("baton-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let loaded = Config::load(Overrides {
        config: Some(path.clone()),
        ..over
    });
    std::fs::remove_file(path).unwrap();
    loaded
}

#[test]
fn flags_override_the_file_and_the_file_overrides_defaults() {
    let file = "listen = '127.0.0.1:9000'\nmllp = '127.0.0.1:2575'\n[limits]\nbody = 10\n\
                [practice]\ntimezone = 'America/Chicago'\nholidays = [2026-12-24, '2026-12-31']";
    let over = Overrides {
        listen: Some("127.0.0.1:9001".into()),
        ..Overrides::default()
    };
    let config = with_file("order", file, over).unwrap();
    assert_eq!(config.listen, "127.0.0.1:9001");
    assert_eq!(config.public_url, "http://127.0.0.1:9001");
    assert_eq!(config.mllp.as_deref(), Some("127.0.0.1:2575"));
    assert_eq!((config.limits.body, config.limits.default_count), (10, 50));
    assert_eq!(config.practice.timezone, chrono_tz::America::Chicago);
    assert_eq!(config.practice.holidays.len(), 2);
}

#[test]
fn errors_name_the_key_and_the_file() {
    let of = |name, text| {
        with_file(name, text, Overrides::default())
            .unwrap_err()
            .to_string()
    };
    let access = of("access", "[access]\nPractitioner = ['active=true']");
    assert!(
        access.contains("access.Practitioner[0] has a search that does not depend on the person"),
        "{access}"
    );
    let zone = of("zone", "[practice]\ntimezone = 'Mars/Olympus'");
    assert!(
        zone.contains("zone.toml") && zone.contains("practice.timezone"),
        "{zone}"
    );
    let typo = of("typo", "[limits]\nbdy = 1");
    assert!(typo.contains("typo.toml") && typo.contains("bdy"), "{typo}");
    let zero = of("zero", "[limits]\nmax_count = 0");
    assert!(zero.contains("limits.max_count"), "{zero}");
}

#[test]
fn without_tokens_only_loopback_is_served() {
    let disabled = |listen: &str, mllp: Option<&str>| {
        Config::load(Overrides {
            auth: Some(Auth::Disabled),
            listen: Some(listen.into()),
            mllp: mllp.map(Into::into),
            ..Overrides::default()
        })
    };
    assert!(disabled("127.0.0.1:8080", None).is_ok());
    assert!(disabled("[::1]:8080", Some("127.0.0.1:2575")).is_ok());
    assert!(disabled("0.0.0.0:8080", None).is_err());
    assert!(disabled("127.0.0.1:8080", Some("0.0.0.0:2575")).is_err());
}

#[test]
fn the_bound_address_decides_unless_a_public_url_is_given() {
    let load = |public_url: Option<&str>| {
        let public_url = public_url.map(Into::into);
        let listen = Some("127.0.0.1:0".into());
        let mut config = Config::load(Overrides {
            listen,
            public_url,
            ..Overrides::default()
        })
        .unwrap();
        config.bound("127.0.0.1:4711".parse().unwrap());
        config.public_url
    };
    assert_eq!(load(None), "http://127.0.0.1:4711");
    assert_eq!(load(Some("https://baton.example/")), "https://baton.example");
}

#[test]
fn a_password_in_the_database_url_is_not_repeated() {
    let over = Overrides {
        database: Some("mysql://u:secret@h/d".into()),
        ..Overrides::default()
    };
    let text = Config::load(over).unwrap_err().to_string();
    assert!(text.contains("database") && !text.contains("secret"), "{text}");
}
