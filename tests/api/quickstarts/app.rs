//! `docs/quickstart-app.md`: its page is made, served and used in Chromium as it says there.
use super::{Desk, blocks, done, have};
use crate::apps::browser::Browser;
use crate::apps::chromium::Look;
use crate::launch::app::{PASSWORD, patient};
use crate::support::{Baton, tools};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const DOCUMENT: &str = "quickstart-app.md";

pub fn a_smart_app_in_minutes(baton: &Baton) {
    if !(have("bash", "--version") && have("python3", "--version") && tools::modules_of_example().is_some()) {
        return;
    }
    let Some(browser) = Browser::start(Look::Desktop, baton.database.folder()) else {
        return;
    };
    patient(baton, "ada");
    let call = json!({
        "resourceType": "Task", "id": "call", "status": "requested", "intent": "order", "code": {"text": "Call Ada"},
        "for": {"reference": "Patient/ada"}, "restriction": {"period": {"end": "2026-12-01"}}
    });
    assert_eq!(baton.partner().put("Task/call", &call).status, 201);
    let desk = Desk::new(baton);
    let port = free_port();
    let app = format!("http://127.0.0.1:{port}");
    let [page] = &blocks(DOCUMENT, "bash")[..] else {
        panic!("one block of bash in {DOCUMENT}");
    };
    // The package was fetched before: no scene waits for the registry twice.
    let env = [("APP", app.as_str()), ("npm_config_prefer_offline", "true")];
    done(
        &desk
            .command("bash", &["-euc", page])
            .envs(env)
            .output()
            .expect("it runs"),
    );
    let _served = serve(&desk, port);

    browser.open(&app);
    browser.fill("#name", "ada");
    browser.fill("#password", PASSWORD);
    browser.press("Sign in");
    browser.press("Allow");
    browser.shows("ul", "Call Ada, due 2026-12-01");
    browser.click("ul button");
    browser.shows("ul button:disabled", "Call Ada");
    assert_eq!(
        baton.partner().get("Task/call").ok()["status"],
        Value::from("completed")
    );
    let said = browser.complaints();
    assert!(said.iter().all(|of| of.contains("favicon.ico")), "{said:#?}");
}

/// Somebody else could take it before it is served; nobody here does.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The line of the document, on that port.
fn serve(desk: &Desk, port: u16) -> Served {
    let line = blocks(DOCUMENT, "sh")[0].replace("8000", &port.to_string());
    let mut command: Command = desk.command("sh", &["-c", &format!("exec {line}")]);
    let served = Served(command.stderr(Stdio::null()).spawn().expect("it starts"));
    let up = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(up, "{line} serves");
    served
}
