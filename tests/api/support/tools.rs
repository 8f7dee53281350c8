//! Libraries of other languages that scenes use as they are published. They are installed once, below
//! `target/tmp` and in the example's own folder, from the lock files beside this suite.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The tools of `tests/tools/package-lock.json`.
pub fn node_modules() -> Option<&'static Path> {
    static FOUND: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools");
        std::fs::create_dir_all(&folder).expect("a folder");
        for name in ["package.json", ".npmrc", "package-lock.json"] {
            copy_if_changed(&folder, name);
        }
        installed(&folder)
    });
    FOUND.as_deref()
}

/// What the example app needs, in its folder.
pub fn modules_of_example() -> Option<&'static Path> {
    static FOUND: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| installed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/smart-app")));
    FOUND.as_deref()
}

/// A Python with the packages of `tests/tools/requirements.txt`, in an environment of its own.
pub fn python() -> Option<&'static Path> {
    static FOUND: LazyLock<Option<PathBuf>> = LazyLock::new(|| needed(made_python(), "Python packages"));
    FOUND.as_deref()
}

pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/tools")
        .join(name)
}

/// An unchanged file keeps its time, by which it is known to be installed.
fn copy_if_changed(folder: &Path, name: &str) {
    let text = std::fs::read(source(name)).expect("a file of tests/tools");
    let to = folder.join(name);
    if std::fs::read(&to).ok().as_ref() != Some(&text) {
        std::fs::write(to, text).expect("a writable folder");
    }
}

/// `npm ci`, unless it ran since the lock file changed.
fn installed(folder: &Path) -> Option<PathBuf> {
    let changed = |name: &str| {
        std::fs::metadata(folder.join(name))
            .and_then(|file| file.modified())
            .ok()
    };
    let modules = folder.join("node_modules");
    let done = changed("node_modules/.package-lock.json") >= changed("package-lock.json");
    let there = done || succeeds(Command::new("npm").arg("ci").current_dir(folder));
    needed(there.then_some(modules), "npm, or no way to its registry")
}

fn made_python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let (python, wanted) = (folder.join("bin/python3"), source("requirements.txt"));
    let installed = folder.join("requirements.txt");
    let text = std::fs::read_to_string(&wanted).expect("the requirements");
    if std::fs::read_to_string(&installed).ok().as_deref() == Some(&text) {
        return Some(python);
    }
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    let made = succeeds(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    ) && succeeds(Command::new(&python).args(install).arg(&wanted));
    made.then(|| {
        std::fs::write(installed, text).expect("a writable folder");
        python
    })
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// On CI it has to be there; elsewhere a line says what was not run.
fn needed(found: Option<PathBuf>, what: &str) -> Option<PathBuf> {
    assert!(
        found.is_some() || std::env::var("CI").is_err(),
        "CI must have: {what}"
    );
    if found.is_none() {
        println!("skipped: no {what}");
    }
    found
}
