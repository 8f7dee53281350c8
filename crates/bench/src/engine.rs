//! The databases of a run: fresh ones, and those that are kept.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Baton keeps its data in this run.
pub enum Engine {
    Sqlite { folder: PathBuf },
    Postgres { server: String },
}

impl Engine {
    pub fn available() -> Vec<Engine> {
        let folder = std::env::temp_dir().join(format!("baton-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut engines = vec![Engine::Sqlite { folder }];
        match std::env::var("BATON_TEST_POSTGRES") {
            Ok(url) => engines.push(Engine::Postgres { server: url }),
            Err(_) => eprintln!("PostgreSQL: skipped, BATON_TEST_POSTGRES is not set"),
        }
        engines
    }

    pub fn name(&self) -> &'static str {
        match self {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres { .. } => "PostgreSQL",
        }
    }

    /// The URL of an empty database of that name.
    pub fn database(&self, name: &str) -> String {
        match self {
            Engine::Sqlite { folder } => format!("sqlite://{}/{name}.db", folder.display()),
            Engine::Postgres { server } => {
                // A server that is kept may have one of an earlier run.
                psql(server, &format!("DROP DATABASE IF EXISTS {name}"));
                let made = psql(server, &format!("CREATE DATABASE {name}"));
                assert!(made, "psql creates the database {name}");
                beside(server, name)
            }
        }
    }
}

/// Where databases stay for the next run.
fn keep() -> Option<PathBuf> {
    std::env::var_os("BATON_BENCH_KEEP").map(PathBuf::from)
}

impl Engine {
    /// The URL of the database of that name, and whether it is still to be filled.
    pub fn kept(&self, name: &str) -> (String, bool) {
        let Some(folder) = keep() else {
            return (self.database(name), true);
        };
        std::fs::create_dir_all(&folder).expect("a folder to keep databases in");
        let url = match self {
            Engine::Sqlite { .. } => format!("sqlite://{}/{name}.db", folder.display()),
            Engine::Postgres { server } => beside(server, name),
        };
        let filled = self.mark(&url).exists() && self.exists(&url);
        if !filled {
            self.remove(&url);
        }
        (url, !filled)
    }

    /// Says that a kept database is full, and analysed.
    pub fn settle(&self, url: &str) {
        self.analyse(url);
        if keep().is_some() {
            std::fs::write(self.mark(url), "").expect("the mark is written");
        }
    }

    /// What the engine would do by itself in its time.
    pub fn analyse(&self, url: &str) {
        if matches!(self, Engine::Postgres { .. }) {
            psql(url, "VACUUM ANALYZE");
            psql(url, "CHECKPOINT");
        }
    }

    fn mark(&self, url: &str) -> PathBuf {
        let name = url.rsplit('/').next().unwrap_or_default();
        keep()
            .unwrap_or_default()
            .join(format!("{name}.{}.full", self.name()))
    }

    fn exists(&self, url: &str) -> bool {
        match self {
            Engine::Sqlite { .. } => Path::new(url.trim_start_matches("sqlite://")).exists(),
            Engine::Postgres { .. } => psql(url, "SELECT 1"),
        }
    }

    /// An empty one in its place.
    fn remove(&self, url: &str) {
        match self {
            Engine::Sqlite { .. } => {
                for end in ["", "-wal", "-shm"] {
                    // It may not have been there.
                    let _ = std::fs::remove_file(format!("{}{end}", url.trim_start_matches("sqlite://")));
                }
            }
            Engine::Postgres { server } => {
                let name = url.rsplit('/').next().unwrap_or_default();
                psql(server, &format!("DROP DATABASE IF EXISTS {name}"));
                psql(server, &format!("CREATE DATABASE {name}"));
            }
        }
    }
}

fn beside(server: &str, name: &str) -> String {
    let (host, _) = server.rsplit_once('/').expect("a postgres:// URL");
    format!("{host}/{name}")
}

/// True when it went well.
pub fn psql(url: &str, sql: &str) -> bool {
    let done = Command::new("psql")
        .args([url, "-qc", sql])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Engine::Sqlite { folder } = self {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
