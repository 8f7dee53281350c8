//! A database of a scene's own: what commands do with it, and what its operator can do behind their back.
use super::server::BINARY;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A private, empty database that goes away with the value.
pub struct Database {
    url: String,
    folder: PathBuf,
    postgres: Option<String>,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

fn unique() -> String {
    format!(
        "baton_{}_{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

impl Database {
    pub fn sqlite() -> Database {
        let folder = std::env::temp_dir().join(unique());
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        Database {
            url: format!("sqlite://{}/baton.db", folder.display()),
            folder,
            postgres: None,
        }
    }

    /// None, with a line saying so, where there is no PostgreSQL (`make test` starts one).
    pub fn postgres() -> Option<Database> {
        let Ok(admin) = std::env::var("BATON_TEST_POSTGRES") else {
            assert!(
                std::env::var("CI").is_err(),
                "BATON_TEST_POSTGRES must be set on CI"
            );
            println!("skipped: no PostgreSQL (BATON_TEST_POSTGRES is not set)");
            return None;
        };
        let name = unique();
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("a folder for the scene");
        psql(&admin, &format!("CREATE DATABASE {name}"));
        let (server, _) = admin.rsplit_once('/').expect("a postgres:// URL with a database");
        Some(Database {
            url: format!("{server}/{name}"),
            folder,
            postgres: Some(admin),
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `baton ARGS… --database URL` to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.run_in(&[], args)
    }

    /// The same with these variables in its environment.
    pub fn run_in(&self, env: &[(&str, &str)], args: &[&str]) -> Output {
        Command::new(BINARY)
            .envs(env.iter().copied())
            .args(args)
            .args(["--database", &self.url])
            .output()
            .expect("the binary runs")
    }

    /// The column `text` of the first row, as nobody but the operator may look.
    pub fn peek(&self, sql: &str) -> String {
        use diesel::{Connection, RunQueryDsl};
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let query = diesel::sql_query(sql);
        let row: Result<Row, _> = match self.sqlite_file() {
            None => query.get_result(&mut diesel::PgConnection::establish(&self.url).expect("a connection")),
            Some(path) => {
                query.get_result(&mut diesel::SqliteConnection::establish(path).expect("a connection"))
            }
        };
        row.expect(sql).text
    }

    /// Changes rows behind the server's back.
    pub fn alter(&self, sql: &str) {
        use diesel::{Connection, RunQueryDsl};
        let query = diesel::sql_query(sql);
        let rows = match self.sqlite_file() {
            None => query.execute(&mut diesel::PgConnection::establish(&self.url).expect("a connection")),
            Some(path) => {
                let mut connection = diesel::SqliteConnection::establish(path).expect("a connection");
                // The server may be writing.
                let patient = diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut connection);
                patient.expect("a setting");
                query.execute(&mut connection)
            }
        };
        assert!(rows.expect(sql) > 0, "{sql}");
    }

    pub fn sqlite_file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite://")
    }

    /// Runs `baton`, expecting success and JSON on standard output.
    pub fn run_json(&self, args: &[&str]) -> serde_json::Value {
        self.json_of(args, self.run(args))
    }

    /// The same with a line typed into it.
    pub fn run_typing(&self, args: &[&str], line: &str) -> serde_json::Value {
        let mut process = Command::new(BINARY)
            .args(args)
            .args(["--database", &self.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut input = process.stdin.take().expect("piped");
        writeln!(input, "{line}").expect("it reads");
        drop(input);
        self.json_of(args, process.wait_with_output().expect("it ends"))
    }

    fn json_of(&self, args: &[&str], output: Output) -> serde_json::Value {
        assert!(
            output.status.success(),
            "baton {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON on standard output")
    }

    /// Does to the tables what somebody with the keys to the database could do.
    pub fn tamper(&self, sql: &str) {
        use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
        match self.url.strip_prefix("sqlite://") {
            None => psql(&self.url, sql),
            Some(path) => {
                let mut file = SqliteConnection::establish(path).expect("the file of the database");
                // The server may be writing.
                file.batch_execute("PRAGMA busy_timeout = 10000")
                    .expect("a setting");
                file.batch_execute(sql).expect(sql);
            }
        }
    }

    /// PostgreSQL has it no longer, whoever is connected to it.
    pub fn lose(&self) {
        if let (Some(admin), Some((_, name))) = (&self.postgres, self.url.rsplit_once('/')) {
            psql(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        self.lose();
    }
}

fn psql(url: &str, sql: &str) {
    use diesel::{Connection, RunQueryDsl};
    let mut connection = diesel::PgConnection::establish(url).expect("BATON_TEST_POSTGRES is reachable");
    diesel::sql_query(sql).execute(&mut connection).expect(sql);
}
