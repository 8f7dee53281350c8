//! What we ask of servers elsewhere: bounded in size and time, without proxies or redirects, and never
//! a way into our own network. Answers are kept for as long as their sender allows.
//! <https://owasp.org/www-community/attacks/Server_Side_Request_Forgery>
use super::reach::{PublicOnly, check_address};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 << 10;
/// Without a Cache-Control, and its bounds with one.
const DEFAULT_AGE: u64 = 300;
const AGES: std::ops::RangeInclusive<u64> = 30..=3_600;
/// What does not suit is asked for again, but not more often than this; so is who did not answer.
const MIN_RETRY: Duration = Duration::from_secs(10);

/// One way out, with one opinion about private networks.
pub struct Outbound {
    allow_private: bool,
    http: OnceLock<Result<Client, String>>,
}

/// What came, and for how long it may be kept.
pub struct Answer {
    pub status: StatusCode,
    pub text: String,
    pub fresh: Duration,
}

impl Outbound {
    pub fn new(allow_private: bool) -> Outbound {
        Outbound {
            allow_private,
            http: OnceLock::new(),
        }
    }

    /// A document that must be there.
    pub async fn get(&self, what: &str, url: &str, accept: &str) -> Result<Answer, String> {
        let request = self.client(what, url)?.get(url).header("Accept", accept);
        let answer = send(request).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            other => Err(format!("it answered {}", other.as_u16())),
        }
    }

    /// `dress` adds what is sent; any status is an answer.
    pub async fn post(
        &self,
        what: &str,
        url: &str,
        dress: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, String> {
        send(dress(self.client(what, url)?.post(url))).await
    }

    /// Whether an address may be asked, or people be sent there.
    pub fn check(&self, what: &str, url: &str) -> Result<(), String> {
        check_address(what, url, self.allow_private)
    }

    fn client(&self, what: &str, url: &str) -> Result<&Client, String> {
        self.check(what, url)?;
        let built = self.http.get_or_init(|| build(self.allow_private));
        built.as_ref().map_err(String::clone)
    }
}

async fn send(request: RequestBuilder) -> Result<Answer, String> {
    // The error's own text may hold addresses of our network: the kind must do.
    let mut response = request.send().await.map_err(|e| kind_of(&e).to_owned())?;
    let (status, fresh) = (response.status(), Duration::from_secs(max_age(&response)));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| kind_of(&e).to_owned())? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err("it is larger than 64 KiB".into());
        }
        body.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(body).map_err(|_| "it is not UTF-8")?;
    Ok(Answer { status, text, fresh })
}

fn build(allow_private: bool) -> Result<Client, String> {
    let mut builder = Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0);
    if !allow_private {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    builder
        .build()
        .map_err(|_| "the server's TLS set-up is broken".to_owned())
}

/// As the partner asks, within bounds: even `no-store` does not make us ask for every token.
fn max_age(response: &Response) -> u64 {
    let lines = response.headers().get_all("cache-control").iter();
    let text: Vec<String> = lines
        .filter_map(|line| line.to_str().ok())
        .map(str::to_ascii_lowercase)
        .collect();
    let directives = || text.iter().flat_map(|line| line.split(',')).map(str::trim);
    if directives().any(|directive| directive == "no-store" || directive == "no-cache") {
        return *AGES.start();
    }
    let seconds = directives().find_map(|directive| directive.strip_prefix("max-age="));
    let seconds = seconds.and_then(|text| text.trim_matches('"').parse().ok());
    seconds.unwrap_or(DEFAULT_AGE).clamp(*AGES.start(), *AGES.end())
}

fn kind_of(error: &reqwest::Error) -> &'static str {
    match error {
        e if e.is_timeout() => "no answer within five seconds",
        e if e.is_connect() => "no connection, or the address is not a public one",
        _ => "the answer broke off",
    }
}

/// One document of another server. Who asks for it meanwhile waits for the same answer.
pub struct Cached<T> {
    slot: Mutex<Slot<T>>,
}

struct Slot<T> {
    held: Option<Held<T>>,
    failed: Option<(Instant, String)>,
}

struct Held<T> {
    what: Arc<T>,
    at: Instant,
    fresh: Duration,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        let slot = Slot {
            held: None,
            failed: None,
        };
        Cached {
            slot: Mutex::new(slot),
        }
    }
}

impl<T> Cached<T> {
    /// What is held while it is fresh; asks again when it is stale or does not suit. While nobody answers,
    /// what suits goes on to be served for an hour.
    pub async fn get(
        &self,
        suits: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce() -> Result<(T, Duration), String>,
    ) -> Result<Arc<T>, String> {
        let mut slot = self.slot.lock().await;
        if let Some(settled) = slot.settled(&suits) {
            return settled;
        }
        match fetch().await {
            Ok((what, fresh)) => Ok(slot.keep(what, fresh)),
            Err(why) => {
                slot.failed = Some((Instant::now(), why));
                slot.settled(&suits).unwrap_or_else(|| Err("no answer".into()))
            }
        }
    }
}

impl<T> Slot<T> {
    /// None: it is to be asked for.
    fn settled(&self, suits: &impl Fn(&T) -> bool) -> Option<Result<Arc<T>, String>> {
        let held = self.held.as_ref();
        let fits = held.is_some_and(|held| suits(&held.what));
        let failed = self.failed.as_ref().filter(|(at, _)| at.elapsed() < MIN_RETRY);
        let until = match (fits, failed) {
            (true, Some(_)) => Duration::from_secs(*AGES.end()),
            (true, None) => held.map_or(Duration::ZERO, |held| held.fresh),
            (false, _) => MIN_RETRY,
        };
        let fresh = held.filter(|held| held.at.elapsed() < until);
        fresh
            .map(|held| Ok(held.what.clone()))
            .or_else(|| failed.map(|(_, why)| Err(why.clone())))
    }

    fn keep(&mut self, what: T, fresh: Duration) -> Arc<T> {
        let what = Arc::new(what);
        self.held = Some(Held {
            what: what.clone(),
            at: Instant::now(),
            fresh,
        });
        self.failed = None;
        what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(cached: &Cached<u8>, wanted: u8, answer: Result<u8, &str>) -> (Result<u8, String>, bool) {
        let mut asked = false;
        let fetch = async || {
            asked = true;
            answer
                .map(|what| (what, Duration::from_millis(1)))
                .map_err(str::to_owned)
        };
        let got = cached.get(|held| *held == wanted, fetch).await;
        (got.map(|what| *what), asked)
    }

    #[actix_web::test]
    async fn who_does_not_answer_is_not_asked_by_everybody() {
        let cached = Cached::default();
        assert_eq!(ask(&cached, 1, Err("down")).await, (Err("down".into()), true));
        assert_eq!(ask(&cached, 1, Ok(1)).await, (Err("down".into()), false));
    }

    #[actix_web::test]
    async fn what_is_stale_is_served_while_nobody_answers() {
        let cached = Cached::default();
        assert_eq!(ask(&cached, 1, Ok(1)).await, (Ok(1), true));
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(ask(&cached, 1, Err("down")).await, (Ok(1), true));
        assert_eq!(ask(&cached, 1, Err("down")).await, (Ok(1), false));
        // What never suited is told as it is for a while.
        assert_eq!(ask(&cached, 2, Ok(2)).await, (Ok(1), false));
    }
}
