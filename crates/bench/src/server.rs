//! The server under test, a process of its own, and what the system says about it.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn baton() -> Command {
    let path = std::env::current_exe().expect("a path").with_file_name("baton");
    assert!(path.exists(), "build the server first: cargo build --release");
    Command::new(path)
}

/// Runs a subcommand to its end; its standard output.
pub fn run(args: &[&str], database: &str) -> Vec<u8> {
    let output = baton()
        .args(args)
        .args(["--database", database])
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

pub struct Server {
    process: Child,
    pub address: String,
    /// From the start of the process to the ready line.
    pub started_in: Duration,
}

impl Server {
    pub fn start(database: &str) -> Server {
        Server::with(database, &[])
    }

    /// With more arguments.
    pub fn with(database: &str, args: &[&str]) -> Server {
        let mut command = baton();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database])
            .args(args)
            .env("BATON_LOG", "warn");
        Server::spawn(command, |line| {
            let (_, rest) = line.split_once("fhir=http://").expect("the ready line");
            rest.split('/').next().unwrap_or_default().to_string()
        })
    }

    pub fn constant(bytes: usize) -> Server {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.args(["constant", &bytes.to_string()]);
        Server::spawn(command, |line| line.trim().to_string())
    }

    fn spawn(mut command: Command, address: impl Fn(&str) -> String) -> Server {
        let start = Instant::now();
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("a ready line");
        let started_in = start.elapsed();
        Server {
            process,
            address: address(&line),
            started_in,
        }
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        self.memory("VmRSS")
    }

    /// Processor time of all its threads so far, in the hundredths of seconds that Linux tells.
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let times = fields
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<f64>().ok());
        times.sum::<f64>() / 100.0
    }

    /// The most it ever was.
    pub fn peak(&self) -> f64 {
        self.memory("VmHWM")
    }

    fn memory(&self, which: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status
            .lines()
            .find(|line| line.starts_with(which))
            .unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .and_then(|kb| kb.parse::<f64>().ok())
            .map_or(f64::NAN, |kb| kb / 1024.0)
    }

    /// A token for a new client that may do everything.
    pub fn token(&self, database: &str) -> String {
        let added = run(
            &[
                "client",
                "add",
                "--name",
                "bench",
                "--scope",
                "system/*.cruds",
                "--secret",
            ],
            database,
        );
        let added: Value = serde_json::from_slice(&added).expect("JSON");
        let field = |name: &str| added[name].as_str().expect(name).to_string();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            field("client_id"),
            field("client_secret")
        );
        let request = crate::http::request(
            "POST",
            "/oauth/token",
            "",
            "application/x-www-form-urlencoded",
            &form,
        );
        let (status, body) = crate::http::Connection::open(&self.address).send(&request);
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{status} {answer}"))
            .to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
