//! A browser without scripts: it keeps a cookie, follows redirects on the server, and fills in the
//! forms it is shown.
use crate::support::{Baton, Reply};
use reqwest::Url;
use reqwest::blocking::Client as Http;
use std::cell::RefCell;
use std::collections::HashMap;

pub struct Browser {
    http: Http,
    base: String,
    cookie: RefCell<Option<String>>,
}

/// What the browser shows, or where it was sent away to.
pub struct Shown {
    pub reply: Reply,
    pub url: String,
}

impl Browser {
    pub fn new(baton: &Baton) -> Browser {
        let none = reqwest::redirect::Policy::none();
        Browser {
            http: Http::builder().redirect(none).build().expect("a client"),
            base: baton.base.clone(),
            cookie: RefCell::default(),
        }
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.borrow_mut() = cookie;
    }

    pub fn open(&self, url: &str) -> Shown {
        self.follow(self.ask("GET", url, None), url)
    }

    pub fn post(&self, url: &str, fields: &[(String, String)]) -> Shown {
        self.follow(self.ask("POST", url, Some(fields)), url)
    }

    /// Fills the form of that action in: what it holds already, over it `typed`.
    pub fn submit(&self, shown: &Shown, action: &str, typed: &[(&str, &str)]) -> Shown {
        self.post(&shown.url, &filled(&shown.form(action), typed))
    }

    pub fn sign_in(&self, shown: &Shown, name: &str, password: &str) -> Shown {
        self.submit(shown, "sign-in", &[("name", name), ("password", password)])
    }

    pub fn allow(&self, shown: &Shown) -> Shown {
        self.submit(shown, "consent", &[("choice", "allow")])
    }

    fn ask(&self, method: &str, url: &str, fields: Option<&[(String, String)]>) -> Reply {
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if let Some(cookie) = self.cookie.borrow().as_ref() {
            request = request.header("cookie", format!("theme=dark; {cookie}"));
        }
        if let Some(fields) = fields {
            let body = Url::parse_with_params("http://form/", fields).expect("a form");
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.query().unwrap_or_default().to_string());
        }
        let reply = Reply::of(request);
        if let Some(set) = reply.headers.get("set-cookie") {
            let text = set.to_str().expect("ASCII");
            *self.cookie.borrow_mut() = text.split(';').next().map(str::to_string);
        }
        reply
    }

    fn follow(&self, mut reply: Reply, from: &str) -> Shown {
        let mut url = Url::parse(from).expect("an address");
        while reply.status == 303 {
            url = url.join(reply.header("location")).expect("an address");
            if !url.as_str().starts_with(&self.base) {
                break;
            }
            reply = self.ask("GET", url.as_str(), None);
        }
        Shown {
            reply,
            url: url.into(),
        }
    }
}

impl Shown {
    pub fn title(&self) -> &str {
        between(&self.reply.text, "<h1>", "</h1>").unwrap_or_default()
    }

    /// What the app is told in the address it was called back by.
    pub fn told(&self) -> HashMap<String, String> {
        assert_eq!(
            self.reply.status, 303,
            "still at {}: {}",
            self.url, self.reply.text
        );
        let url = Url::parse(&self.url).expect("an address");
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    /// The values of the buttons that choose something.
    pub fn choices(&self) -> Vec<String> {
        self.buttons("choice")
    }

    /// The apps that buttons are about.
    pub fn apps(&self) -> Vec<String> {
        self.buttons("client_id")
    }

    fn buttons(&self, name: &str) -> Vec<String> {
        let marker = format!("name=\"{name}\" value=\"");
        let buttons = self.reply.text.split(&marker).skip(1);
        buttons
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_string)
            .collect()
    }

    /// The inputs that the form would send as it is.
    pub fn form(&self, action: &str) -> Vec<(String, String)> {
        let marker = format!("name=\"action\" value=\"{action}\"");
        let forms = self
            .reply
            .text
            .split("<form")
            .skip(1)
            .filter_map(|rest| rest.split("</form>").next());
        let form = forms.into_iter().find(|form| form.contains(&marker));
        let form = form.unwrap_or_else(|| panic!("no form `{action}` in {}", self.reply.text));
        form.split("<input")
            .skip(1)
            .filter_map(|input| sent(input.split('>').next().unwrap_or_default()))
            .collect()
    }
}

/// Text fields are empty until typed into, marks count when set.
fn sent(input: &str) -> Option<(String, String)> {
    let name = between(input, "name=\"", "\"")?.to_string();
    let value = between(input, "value=\"", "\"").map(unescape);
    match between(input, "type=\"", "\"")? {
        "hidden" => Some((name, value?)),
        "checkbox" => input.contains("checked").then(|| (name, "on".to_string())),
        _ => value.map(|value| (name, value)),
    }
}

fn filled(form: &[(String, String)], typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let kept = form
        .iter()
        .filter(|(name, _)| typed.iter().all(|(other, _)| name != other))
        .cloned();
    kept.chain(
        typed
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string())),
    )
    .collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    rest.find(end).map(|at| &rest[..at])
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}
