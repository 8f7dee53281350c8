//! `baton demo` with the example app, as `make demo` starts it, and what it tells people.
use crate::support::{Client, Database};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Sandbox {
    /// Goes away with the sandbox.
    _database: Database,
    pub base: String,
    /// Where the app is served.
    pub app: String,
    passwords: HashMap<String, String>,
    /// Of the client that may do everything.
    credentials: (String, String),
    process: Child,
}

pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/smart-app")
}

impl Sandbox {
    pub fn start(database: Database) -> Sandbox {
        let example = example();
        let mut process = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(["demo", "--listen", "127.0.0.1:0", "--database", database.url()])
            .args(["--app-listen", "127.0.0.1:0", "--app"])
            .arg(example)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let said: Vec<String> = lines
            .map_while(Result::ok)
            .take_while(|line| !line.contains("Ctrl-C ends"))
            .collect();
        let said = said.join("\n");
        let words: Vec<&str> = said.split([' ', '\n']).filter(|word| !word.is_empty()).collect();
        let after = |name: &str| {
            let pair = words.windows(2).find(|pair| pair[0] == name);
            pair.unwrap_or_else(|| panic!("{name} in {said}"))[1].to_owned()
        };
        let with = |prefix: &str| {
            let word = words.iter().find_map(|word| word.strip_prefix(prefix));
            word.unwrap_or_else(|| panic!("{prefix} in {said}")).to_owned()
        };
        let people = words
            .windows(4)
            .filter(|four| (four[0], four[2]) == ("name", "password"));
        Sandbox {
            base: with("fhir=").trim_end_matches("/fhir").to_owned(),
            app: after("Open"),
            passwords: people
                .map(|four| (four[1].to_owned(), four[3].to_owned()))
                .collect(),
            credentials: (with("client_id="), with("client_secret=")),
            _database: database,
            process,
        }
    }

    pub fn password(&self, name: &str) -> &str {
        &self.passwords[name]
    }

    pub fn partner(&self) -> Client {
        let (id, secret) = &self.credentials;
        Client::with_secret(&self.base, id, secret)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
