//! Starts `baton serve` on a database of its own and stops it with the scene.
use super::{Client, Database, witness};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const BINARY: &str = env!("CARGO_BIN_EXE_baton");

/// How a scene wants its server.
#[derive(Clone, Default)]
pub struct Options {
    /// Extra command-line arguments.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
}

/// A running server. Its log is printed when the scene panics.
pub struct Baton {
    pub database: Arc<Database>,
    pub base: String,
    pub mllp: String,
    /// What it said when it was ready.
    pub ready: String,
    process: Mutex<Child>,
    log: Arc<Mutex<String>>,
    /// Ends when the server has said everything.
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl Baton {
    pub fn start(database: Database, options: Options) -> Baton {
        Baton::on(Arc::new(database), &options)
    }

    /// Several servers may stand on one PostgreSQL database, and one may follow another.
    pub fn on(database: Arc<Database>, options: &Options) -> Baton {
        let mut process = Command::new(BINARY)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--mllp",
                "127.0.0.1:0",
                "--database",
                database.url(),
            ])
            .args(&options.args)
            .envs(options.env.iter().cloned())
            .env("BATON_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (log, listener) = follow(process.stderr.take().expect("piped"));
        let ready = ready_line(&mut process, &log);
        let field = |name: &str| {
            let start = ready
                .find(&format!("{name}="))
                .unwrap_or_else(|| panic!("{name} in {ready:?}"));
            ready[start + name.len() + 1..]
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_string()
        };
        // Where it listens, which need not be its public address.
        let base = format!("http://{}", field("listen"));
        Baton {
            mllp: field("mllp"),
            base,
            ready,
            database,
            process: Mutex::new(process),
            log,
            listener: Mutex::new(Some(listener)),
        }
    }

    /// A client with its own secret and a token for these scopes.
    pub fn client(&self, scope: &str) -> Client {
        let added = self
            .database
            .run_json(&["client", "add", "--name", "scene", "--scope", scope, "--secret"]);
        let text = |name: &str| {
            added[name]
                .as_str()
                .unwrap_or_else(|| panic!("{name} in {added}"))
                .to_string()
        };
        Client::with_secret(&self.base, &text("client_id"), &text("client_secret"))
    }

    /// A client that may do everything a backend may.
    pub fn partner(&self) -> Client {
        self.client("system/*.cruds")
    }

    pub fn anonymous(&self) -> Client {
        Client::anonymous(&self.base)
    }

    /// Registers the sender that `messages` speak as.
    pub fn sender(&self) {
        self.sender_named("general", super::messages::APPLICATION, super::messages::FACILITY);
    }

    pub fn sender_named(&self, name: &str, application: &str, facility: &str) {
        let args = [
            "sender",
            "add",
            "--name",
            name,
            "--application",
            application,
            "--facility",
            facility,
        ];
        let output = self
            .database
            .run(&[&args[..], &["--timezone", "America/New_York"]].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn kill(&self) {
        let mut process = self.process.lock().expect("not poisoned");
        let _ = process.kill();
        let _ = process.wait();
    }

    /// SIGTERM, then the exit status once requests in flight are done.
    pub fn terminate(&self) -> std::process::ExitStatus {
        self.told_to_end().wait().expect("it ends")
    }

    /// None when it does not end in time.
    pub fn terminate_within(&self, most: Duration) -> Option<std::process::ExitStatus> {
        let (mut process, began) = (self.told_to_end(), Instant::now());
        while began.elapsed() < most {
            if let Some(status) = process.try_wait().expect("it was started") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    fn told_to_end(&self) -> MutexGuard<'_, Child> {
        let process = self.process.lock().expect("not poisoned");
        let pid = process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.expect("kill runs").success());
        process
    }

    /// The most memory it ever held, where the system tells.
    pub fn peak_kilobytes(&self) -> u64 {
        let pid = self.process.lock().expect("not poisoned").id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = peak.and_then(|rest| rest.split_whitespace().next());
        number.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }
}

impl Drop for Baton {
    fn drop(&mut self) {
        self.kill();
        if let Some(listener) = self.listener.lock().expect("not poisoned").take() {
            let _ = listener.join();
        }
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
            return;
        }
        let leaks = witness::leaks(&self.base, &self.log());
        witness::forget(&self.base);
        assert!(
            leaks.is_empty(),
            "the log repeats what it must not: {leaks:#?}\n{}",
            self.log()
        );
    }
}

fn follow(mut stderr: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let log = Arc::new(Mutex::new(String::new()));
    let into = log.clone();
    let listener = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stderr.read(&mut buffer) {
            into.lock()
                .expect("not poisoned")
                .push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    });
    (log, listener)
}

fn ready_line(process: &mut Child, log: &Arc<Mutex<String>>) -> String {
    let started = Instant::now();
    let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
    let line = lines.next().and_then(Result::ok).unwrap_or_else(|| {
        std::thread::sleep(Duration::from_millis(100));
        panic!(
            "no ready line after {:?}:\n{}",
            started.elapsed(),
            log.lock().expect("not poisoned")
        )
    });
    // Keep reading so that the server never blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    line
}
