//! TLS in the process: what it serves, whom it lets in, and how certificates change while it runs.
use crate::auth::lifetimes::eventually;
use crate::auth::partner::register_secret;
use crate::on_both_databases;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client, Database, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::blocking::{Client as Http, ClientBuilder};
use reqwest::tls::Version;
use reqwest::{Certificate, Identity};
use rustls::pki_types::pem::PemObject;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

on_both_databases!(
    https_is_served_and_plain_http_is_not,
    a_new_certificate_is_served_without_restart,
    mutual_tls_lets_in_who_has_a_certificate,
    a_certificate_may_be_optional,
    messages_come_over_tls,
    files_that_cannot_be_used_are_named
);

/// An authority of the scene's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    fn pair(&self) -> Pair {
        let names = ["127.0.0.1".to_string(), "localhost".to_string()];
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.0).expect("a certificate");
        Pair {
            cert: cert.pem(),
            key: key.serialize_pem(),
        }
    }

    fn root(&self) -> Certificate {
        Certificate::from_pem(self.0.pem().as_bytes()).expect("PEM")
    }

    /// One that trusts this authority alone.
    fn client(&self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Http {
        let builder = Http::builder().tls_certs_only([self.root()]);
        change(builder).build().expect("a client")
    }
}

impl Pair {
    fn identity(&self) -> Identity {
        Identity::from_pem(format!("{}{}", self.cert, self.key).as_bytes()).expect("PEM")
    }

    fn write(&self, folder: &Path) {
        // As a careful script does it: what a server reads is always whole.
        for (name, text) in [("tls.key", &self.key), ("tls.crt", &self.cert)] {
            std::fs::write(folder.join("fresh"), text).expect("written");
            std::fs::rename(folder.join("fresh"), folder.join(name)).expect("renamed");
        }
    }
}

/// Serves with the files of the folder.
fn start(database: Database, pair: &Pair, more: &[&str]) -> Baton {
    pair.write(database.folder());
    let file = |name: &str| database.folder().join(name).display().to_string();
    let mut args = vec![
        "--tls-cert".into(),
        file("tls.crt"),
        "--tls-key".into(),
        file("tls.key"),
    ];
    args.extend(more.iter().map(|arg| arg.replace("FOLDER", &file(""))));
    Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    )
}

fn https(baton: &Baton) -> String {
    baton.base.replace("http://", "https://")
}

fn status(http: &Http, baton: &Baton) -> Option<u16> {
    let reply = http.get(format!("{}/fhir/metadata", https(baton))).send();
    reply.ok().map(|reply| reply.status().as_u16())
}

fn https_is_served_and_plain_http_is_not(database: Database) {
    let authority = Authority::new();
    let baton = start(database, &authority.pair(), &[]);
    let (id, secret) = register_secret(&baton.database, "system/*.cruds");
    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        let http = authority.client(|builder| builder.tls_version_min(version).tls_version_max(version));
        let client = Client::over(http, &https(&baton)).signed_in(&id, &secret);
        let found = client.get("Basic?_count=1");
        assert!(
            found.ok()["link"][0]["url"]
                .as_str()
                .expect("self")
                .starts_with("https://")
        );
        assert_eq!(found.header("strict-transport-security"), "max-age=31536000");
        let smart = client.get(".well-known/smart-configuration").ok();
        assert_eq!(smart["token_endpoint"], format!("{}/oauth/token", https(&baton)));
    }
    let plain = Http::new().get(format!("{}/fhir/metadata", baton.base)).send();
    assert!(plain.is_err(), "{plain:?}");
    assert!(
        status(&Http::new(), &baton).is_none(),
        "an authority that nobody knows"
    );
    assert_eq!(status(&authority.client(|builder| builder), &baton), Some(200));
    one_is_spoken(&authority, &baton);
    assert!(!baton.log().contains("panicked"), "{}", baton.log());
}

/// Also with who would rather speak HTTP/2: what bounds a client holds for HTTP/1.1 alone.
fn one_is_spoken(authority: &Authority, baton: &Baton) {
    let root = baton.database.folder().join("root.pem");
    std::fs::write(&root, authority.0.pem()).expect("written");
    let curl = Command::new("curl")
        .args(["--silent", "--http2", "--output", "/dev/null", "--write-out"])
        .arg("%{http_version} %{http_code}")
        .arg("--cacert")
        .arg(&root)
        .arg(format!("{}/fhir/metadata", https(baton)))
        .output();
    match curl {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "1.1 200"),
        Err(_) => {
            assert!(std::env::var("CI").is_err(), "curl must be there on CI");
            println!("skipped: no curl");
        }
    }
}

fn a_new_certificate_is_served_without_restart(database: Database) {
    let (old, new) = (Authority::new(), Authority::new());
    let baton = start(database, &old.pair(), &[]);
    let folder = baton.database.folder();
    let fresh = |authority: &Authority| status(&authority.client(|builder| builder), &baton);
    assert_eq!((fresh(&old), fresh(&new)), (Some(200), None));
    let either = Http::builder()
        .tls_certs_only([old.root(), new.root()])
        .build()
        .expect("a client");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (either, over) = (&either, &over);
        let caller = scope.spawn(|| {
            let mut calls = 0;
            while !over.load(Ordering::Relaxed) {
                assert_eq!(status(either, &baton), Some(200), "nobody is dropped");
                calls += 1;
            }
            calls
        });
        new.pair().write(folder);
        assert_eq!(eventually(|| fresh(&new), |status| status.is_some()), Some(200));
        assert_eq!(fresh(&old), None);
        // What cannot be used changes nothing, and is told.
        std::fs::write(folder.join("tls.crt"), "not a certificate").expect("written");
        let told = eventually(|| baton.log(), |log| log.contains("cannot be used"));
        assert!(told.contains("tls.crt holds no certificate"), "{told}");
        assert_eq!(fresh(&new), Some(200));
        // A certificate without its key is not used either.
        let other = new.pair();
        std::fs::write(folder.join("tls.crt"), &other.cert).expect("written");
        eventually(
            || baton.log(),
            |log| log.contains("is not the key of the certificate"),
        );
        assert_eq!(fresh(&new), Some(200));
        over.store(true, Ordering::Relaxed);
        assert!(caller.join().expect("a caller") > 10);
    });
    assert!(!baton.log().contains("PRIVATE KEY"), "{}", baton.log());
}

const CLIENT_CA: [&str; 2] = ["--tls-client-ca", "FOLDERclients.pem"];

fn mutual_tls_lets_in_who_has_a_certificate(database: Database) {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    std::fs::write(database.folder().join("clients.pem"), clients.0.pem()).expect("written");
    let baton = start(database, &authority.pair(), &CLIENT_CA);
    let with = |identity: Option<Identity>| {
        status(
            &authority.client(|builder| match identity {
                Some(identity) => builder.identity(identity),
                None => builder,
            }),
            &baton,
        )
    };
    assert_eq!(with(Some(clients.pair().identity())), Some(200));
    assert_eq!(with(None), None);
    assert_eq!(with(Some(stranger.pair().identity())), None);
    // The authority is exchanged like the certificate.
    std::fs::write(baton.database.folder().join("clients.pem"), stranger.0.pem()).expect("written");
    let let_in = || with(Some(stranger.pair().identity()));
    assert_eq!(eventually(let_in, |status| status.is_some()), Some(200));
    assert_eq!(with(Some(clients.pair().identity())), None);
}

fn a_certificate_may_be_optional(database: Database) {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    std::fs::write(database.folder().join("clients.pem"), clients.0.pem()).expect("written");
    let optional = [&CLIENT_CA[..], &["--tls-client-auth", "optional"]].concat();
    let baton = start(database, &authority.pair(), &optional);
    let none = authority.client(|builder| builder);
    assert_eq!(status(&none, &baton), Some(200));
    for (from, expected) in [(clients, Some(200)), (stranger, None)] {
        let http = authority.client(|builder| builder.identity(from.pair().identity()));
        assert_eq!(status(&http, &baton), expected);
    }
}

fn messages_come_over_tls(database: Database) {
    let authority = Authority::new();
    let baton = start(database, &authority.pair(), &["--mllp-tls"]);
    baton.sender();
    let message = Adt::new("A03", &unique("P"), &unique("V")).discharged(days_ago(1), "01");
    let frame = format!("\u{b}{}\u{1c}\r", message.text());

    let mut roots = rustls::RootCertStore::empty();
    let root = rustls::pki_types::CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).expect("PEM");
    roots.add(root).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().expect("a name");
    let session = rustls::ClientConnection::new(Arc::new(config), name).expect("a session");
    let socket = std::net::TcpStream::connect(&baton.mllp).expect("a connection");
    let mut stream = rustls::StreamOwned::new(session, socket);
    stream.write_all(frame.as_bytes()).expect("sent");
    let mut answer = [0; 1024];
    let size = stream.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..size]);
    assert!(answer.contains("MSA|AA|"), "{answer}");

    let mut plain = std::net::TcpStream::connect(&baton.mllp).expect("a connection");
    plain
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    plain.write_all(frame.as_bytes()).expect("sent");
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(!String::from_utf8_lossy(&heard).contains("MSA"), "{heard:?}");
}

fn files_that_cannot_be_used_are_named(database: Database) {
    let (one, other) = (Authority::new().pair(), Authority::new().pair());
    let file = |name: &str, text: &str| {
        let path = database.folder().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (cert, key) = (file("tls.crt", &one.cert), file("other.key", &other.key));
    let missing = database.folder().join("missing").display().to_string();
    let refused = |args: &[&str]| {
        let output = database.run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains("PRIVATE"), "{told}");
        (output.status.code(), told)
    };
    let (code, told) = refused(&["--tls-cert", &cert, "--tls-key", &key]);
    assert!(
        code == Some(1) && told.contains("other.key is not the key"),
        "{told}"
    );
    let (code, told) = refused(&["--tls-cert", &missing, "--tls-key", &key]);
    assert!(
        code == Some(1) && told.contains("missing holds no certificates"),
        "{told}"
    );
    let (code, told) = refused(&["--tls-cert", &cert]);
    assert!(code == Some(2) && told.contains("tls.key"), "{told}");
    let (code, told) = refused(&["--tls-client-ca", &cert]);
    assert!(code == Some(2) && told.contains("tls.cert"), "{told}");
}
