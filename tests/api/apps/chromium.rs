//! How Chromium and its driver are found and started.
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Quiet, and as root: the machines of a CI run tests as root.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,1100",
];

/// Who looks at the pages.
#[derive(Clone, Copy, PartialEq)]
pub enum Look {
    Desktop,
    Phone,
    WithoutScripts,
}

/// None, with a line saying so, where there is no browser.
pub fn find() -> Option<&'static str> {
    let chromium = CHROMIUM.into_iter().find(|name| runs(name));
    let found = chromium.filter(|_| runs("chromedriver"));
    assert!(
        found.is_some() || std::env::var("CI").is_err(),
        "Chromium and chromedriver must be there on CI"
    );
    if found.is_none() {
        println!("skipped: no Chromium, or no chromedriver");
    }
    found
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The driver, and the address at which it listens.
pub fn driver() -> (Child, String) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(driver.stdout.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    let port = lines.find_map(|line| {
        let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    // Keep reading so that it never blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, format!("http://127.0.0.1:{}", port.expect("a port")))
}

pub fn options(look: Look, chromium: &str, profile: &Path) -> Value {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let binary = std::env::split_paths(&path)
        .map(|folder| folder.join(chromium))
        .find(|path| path.exists());
    let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let mut options = json!({ "args": arguments, "binary": binary });
    match look {
        Look::Desktop => {}
        Look::Phone => {
            let metrics =
                json!({ "width": 360, "height": 740, "pixelRatio": 3.0, "mobile": true, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        Look::WithoutScripts => {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
    }
    options
}
