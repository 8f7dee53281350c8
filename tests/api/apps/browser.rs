//! Chromium, driven over the WebDriver protocol. <https://www.w3.org/TR/webdriver2/>
use super::chromium::{self, Look};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::Client as Http;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// Patience with what a page still loads.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser {
    http: Http,
    /// The address of the session.
    session: String,
    driver: Child,
    profile: PathBuf,
}

impl Browser {
    /// None, with a line saying so, where there is no browser (`make test` installs it where it may).
    pub fn start(look: Look, folder: &Path) -> Option<Browser> {
        let chromium = chromium::find()?;
        let (driver, base) = chromium::driver();
        let profile = folder.join("chromium");
        let mut browser = Browser {
            http: Http::builder()
                .timeout(Duration::from_secs(120))
                .build()
                .expect("a client"),
            session: base,
            driver,
            profile,
        };
        let options = chromium::options(look, chromium, &browser.profile);
        let capabilities = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = browser.ask("POST", "/session", &capabilities).expect("a session");
        let id = made["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/session/{id}", browser.session);
        Some(browser)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let request = self.http.request(
            method.parse().expect("a method"),
            format!("{}{path}", self.session),
        );
        let request = match method {
            "POST" => request.json(body),
            _ => request,
        };
        let response = request.send().expect("chromedriver answers");
        let good = response.status().is_success();
        let mut answer: Value = response.json().expect("JSON");
        let value = answer["value"].take();
        if good { Ok(value) } else { Err(value) }
    }

    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {} at {}", error["message"], self.url()))
    }

    pub fn open(&self, url: &str) {
        self.done("POST", "/url", &json!({ "url": url }));
    }

    pub fn url(&self) -> String {
        let url = self.ask("GET", "/url", &Value::Null);
        url.ok()
            .and_then(|url| url.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Waits until it is there: an XPath starts with a slash, all else is CSS.
    fn find(&self, selector: &str) -> String {
        let using = if selector.starts_with('/') {
            "xpath"
        } else {
            "css selector"
        };
        let asked = json!({ "using": using, "value": selector });
        let element = wait(|| self.ask("POST", "/element", &asked).ok());
        let element =
            element.unwrap_or_else(|| panic!("no {selector} at {}: {}", self.url(), self.text("body")));
        let (_, id) = element
            .as_object()
            .and_then(|it| it.iter().next())
            .expect("an element");
        id.as_str().expect("an id").to_owned()
    }

    pub fn click(&self, selector: &str) {
        self.done(
            "POST",
            &format!("/element/{}/click", self.find(selector)),
            &json!({}),
        );
    }

    /// The button with that text.
    pub fn press(&self, text: &str) {
        self.click(&format!("//button[normalize-space()='{text}']"));
    }

    pub fn fill(&self, selector: &str, text: &str) {
        self.done(
            "POST",
            &format!("/element/{}/value", self.find(selector)),
            &json!({ "text": text }),
        );
    }

    /// As it is shown.
    pub fn text(&self, selector: &str) -> String {
        let text = self.done(
            "GET",
            &format!("/element/{}/text", self.find(selector)),
            &Value::Null,
        );
        text.as_str().expect("text").to_owned()
    }

    /// Waits until the element shows these words.
    pub fn shows(&self, selector: &str, words: &str) {
        let seen = wait(|| self.text_now(selector).filter(|text| text.contains(words)));
        assert!(seen.is_some(), "{words:?} in {:?}", self.text("body"));
    }

    /// None while the page changes.
    fn text_now(&self, selector: &str) -> Option<String> {
        let asked = json!({ "using": "css selector", "value": selector });
        let element = self.ask("POST", "/element", &asked).ok()?;
        let id = element.as_object()?.values().next()?.as_str()?.to_owned();
        let text = self
            .ask("GET", &format!("/element/{id}/text"), &Value::Null)
            .ok()?;
        text.as_str().map(str::to_owned)
    }

    /// Waits until the address starts like this.
    pub fn arrives(&self, at: &str) {
        let arrived = wait(|| Some(self.url()).filter(|url| url.starts_with(at)));
        assert!(
            arrived.is_some(),
            "{at} instead of {}: {}",
            self.url(),
            self.text("body")
        );
    }

    /// What the script returns, or what its promise comes to.
    pub fn run(&self, script: &str) -> Value {
        self.done("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// As if the person had chosen a light or dark scheme.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.done("POST", "/goog/cdp/execute", &command);
    }

    /// What the browser complained of since it was last asked: errors of scripts and breaches of policies.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.done("POST", "/se/log", &json!({ "type": "browser" }));
        let said = log.as_array().expect("entries").iter();
        said.filter_map(|entry| entry["message"].as_str().map(str::to_owned))
            .collect()
    }

    fn picture(&self) -> Option<PathBuf> {
        let picture = self.ask("GET", "/screenshot", &Value::Null).ok()?;
        let bytes = STANDARD.decode(picture.as_str()?).ok()?;
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("failed-{}.png", self.driver.id()));
        std::fs::write(&path, bytes).ok().map(|()| path)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(path) = self.picture()
        {
            eprintln!("--- what the browser showed: {}", path.display());
        }
        let _ = self.ask("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        match look() {
            Some(found) => return Some(found),
            None if started.elapsed() > PATIENCE => return None,
            None => std::thread::sleep(Duration::from_millis(30)),
        }
    }
}
