//! The quick starts under `docs/` are run as they stand there, against a real server.
mod app;

use crate::on_both;
use crate::support::{Baton, Database, tools};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use app::a_smart_app_in_minutes;

on_both!(a_backend_service_in_shell_and_python, a_smart_app_in_minutes);

#[test]
fn the_error_catalogue_is_as_written() {
    let committed = std::fs::read_to_string(document("errors.md")).expect("the catalogue");
    let written = gateway::docs::errors::markdown();
    assert!(
        committed == written,
        "docs/errors.md is behind; `make openapi` writes it"
    );
}

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

/// The blocks of that language, in order.
fn blocks(name: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(document(name)).expect("the document");
    let opening = format!("```{language}\n");
    let parts = text.split(&opening).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap_or_default().to_string())
        .collect()
}

/// A folder of the reader's own, with `baton` on its path, beside the database.
struct Desk<'a> {
    baton: &'a Baton,
    folder: PathBuf,
}

impl Desk<'_> {
    fn new(baton: &Baton) -> Desk<'_> {
        let folder = baton.database.folder().join("desk");
        std::fs::create_dir_all(folder.join("bin")).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_baton"), folder.join("bin/baton")).expect("a link");
        Desk { baton, folder }
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        self.command(program, args).output().expect("it runs")
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.folder)
            .env("PATH", format!("{}:{path}", self.folder.join("bin").display()))
            .env("BATON", &self.baton.base)
            .env("BATON_DATABASE", self.baton.database.url());
        command
    }
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// On CI it has to be there; elsewhere a line says what was not run.
fn have(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).output().is_ok();
    assert!(
        found || std::env::var("CI").is_err(),
        "{program} must be there on CI"
    );
    if !found {
        println!("skipped: no {program}");
    }
    found
}

fn a_backend_service_in_shell_and_python(baton: &Baton) {
    if !(have("bash", "--version") && have("curl", "--version") && have("openssl", "version")) {
        return;
    }
    let desk = Desk::new(baton);
    let shell = blocks("quickstart-backend.md", "bash");
    let [service, explaining] = &shell[..] else {
        panic!("two blocks of shell: {shell:#?}");
    };
    let ask = r#"printf '\nCLIENT %s\nTOKEN %s\n' "$client" "$token""#;
    let script = format!("{service}\necho\n{explaining}\n{ask}");
    let said = done(&desk.run("bash", &["-euc", &script]));
    assert!(said.contains(r#""resourceType":"Bundle""#), "{said}");
    assert!(
        said.contains("system/Patient.rs: read, search Patient of everybody"),
        "{said}"
    );
    assert!(said.contains("verdict    good"), "{said}");
    let field = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {said}"))
            .trim()
            .to_string()
    };
    let (client, token) = (field("CLIENT "), field("TOKEN "));
    let signature = token.rsplit('.').next().expect("a JWT").to_string();
    let explained = said.split("verdict").next().unwrap_or_default();
    assert!(!explained.contains(&signature), "the signature is not shown");
    in_python(&desk, &client);
}

fn in_python(desk: &Desk, client: &str) {
    let Some(python) = tools::python() else {
        return;
    };
    let code = &blocks("quickstart-backend.md", "python")[0];
    let code = format!("import os; os.environ['CLIENT_ID'] = '{client}'\n{code}");
    let said = done(&desk.run(&python.display().to_string(), &["-c", &code]));
    assert_eq!(said.trim(), "Bundle");
}

/// Where the database is another one, or none, a token is explained as far as that goes.
#[test]
fn a_token_is_explained_without_a_database() {
    let database = Database::sqlite();
    let output = Command::new(env!("CARGO_BIN_EXE_baton"))
        .args(["token", "explain", "e30.e30.c2lnbmF0dXJl"])
        .env_remove("BATON_DATABASE")
        .env_remove("BATON_CONFIG")
        .current_dir(database.folder())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("verdict    refused"),
        "{said}"
    );
    assert!(!said.contains("c2lnbmF0dXJl"), "{said}");
    assert!(
        !database.folder().join("baton.db").exists(),
        "no database is made"
    );
}
