//! What one way to serve costs beside another, measured by turns: recording reads, following Consents, asking for
//! tokens, narrow scopes.
use crate::http::{self, Connection, Load};
use crate::scenes::{Bench, FHIR, TIME, TURNS};
use crate::server::Server;
use crate::table::{Table, Target};
use crate::{consent, launch, observation};

impl Bench<'_> {
    /// What recording who reads costs, of two servers on the database: one records, one does not. Both have just
    /// started, as one that has served writes before answers more slowly, whether it records or not.
    pub fn audit(&self, table: &mut Table) {
        let recording = Server::start(&self.database);
        let silent = self.with_settings("[audit]\nreads = false\n");
        // Tokens are for one address.
        let tokens = [recording.token(&self.database), silent.token(&self.database)];
        let reads = self.some_ids().into_iter();
        let reads: Vec<String> = reads.map(|id| observation_path(&id)).collect();
        let search = "/fhir/Observation?code=http://loinc.org|8867-4&_count=10".to_owned();
        for (what, paths) in [("reads by id", reads), ("searches", vec![search])] {
            let ways = [(&recording, &*tokens[0]), (&silent, &*tokens[1])];
            let [on, off] = by_turns(ways, &paths);
            let cost = on.cost_beside(&off);
            let what = format!("audit, of what {what} take");
            table.add(self.row(&what, cost, "%", None, Target::AtMost(10.0)));
        }
    }

    /// Another server on the database.
    fn with_settings(&self, toml: &str) -> Server {
        let settings = std::env::temp_dir().join(format!("baton-bench-{}.toml", std::process::id()));
        std::fs::write(&settings, toml).expect("a file of settings");
        let server = Server::with(&self.database, &["--config", &settings.display().to_string()]);
        std::fs::remove_file(settings).expect("just written");
        server
    }

    /// What Consents and labels take of somebody of another organisation, of two servers on the database: one follows
    /// them, one does not. Each of many patients has denied something else than what is asked for.
    pub fn privacy(&self, table: &mut Table) {
        let mut connection = Connection::open(&self.server.address);
        for n in 0..consent::COUNT {
            let request = http::request("POST", "/fhir/Consent", &self.token, FHIR, &consent::json(n));
            let (status, answer) = connection.send(&request);
            assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        }
        let following =
            self.with_settings("[privacy]\nown = [\"Organization/own\"]\nunaffiliated = \"other\"\n");
        let tokens = [following.token(&self.database), self.token.clone()];
        let reads = self.some_ids().into_iter();
        let reads: Vec<String> = reads.map(|id| observation_path(&id)).collect();
        let of_patient = |n: usize| {
            let patient = observation::patient(n);
            format!("/fhir/Observation?patient={patient}&code=http://loinc.org|85354-9&_count=10")
        };
        let searches: Vec<String> = (0..100).map(of_patient).collect();
        for (what, paths) in [("reads by id", reads), ("selective searches", searches)] {
            let ways = [(&following, &*tokens[0]), (&self.server, &*tokens[1])];
            let [followed, free] = by_turns(ways, &paths);
            let what = format!("consents, of {what}");
            table.add(self.row(&what, followed.cost_beside(&free), "%", None, Target::None));
        }
    }

    /// What checking a token takes, of two servers on the database: one asks for none.
    pub fn token_check(&self, table: &mut Table) {
        let open = Server::with(&self.database, &["--auth", "disabled"]);
        let paths: Vec<String> = self.some_ids().iter().map(|id| observation_path(id)).collect();
        let [checked, unchecked] = by_turns([(&self.server, &self.token), (&open, "")], &paths);
        table.add(self.row(
            "check of a known token",
            checked.server_micros() - unchecked.server_micros(),
            "us",
            None,
            Target::AtMost(50.0),
        ));
    }

    /// What `patient/` scopes take of who asks for what a patient's own token opens.
    pub fn scopes(&self, table: &mut Table) {
        let patient = observation::patient(7);
        let found = format!("/fhir/Observation?patient={patient}&_count=100");
        let reads = self
            .ids_of(&found)
            .iter()
            .map(|id| observation_path(id))
            .collect();
        let search = format!("/fhir/Observation?patient={patient}&code=http://loinc.org|85354-9&_count=10");
        let own = launch::token(&self.server, &self.database, &patient);
        for (what, paths) in [("reads by id", reads), ("selective searches", vec![search])] {
            let [limited, all] = by_turns([(&self.server, &own), (&self.server, &self.token)], &paths);
            let what = format!("patient/ scopes, of {what}");
            table.add(self.row(&what, limited.cost_beside(&all), "%", None, Target::AtMost(20.0)));
        }
    }
}

fn observation_path(id: &str) -> String {
    format!("/fhir/Observation/{id}")
}

/// The same requests to two servers, or under two tokens.
fn by_turns(ways: [(&Server, &str); 2], paths: &[String]) -> [Load; 2] {
    let mut loads = [Load::default(), Load::default()];
    for turn in 0..TURNS {
        // Whoever comes second finds what the first left to be done: first is now one, now the other.
        for way in [turn % 2, (turn + 1) % 2] {
            let way = way as usize;
            let ((server, token), sum) = (ways[way], &mut loads[way]);
            let request = |path: &String| http::request("GET", path, token, FHIR, "");
            let requests: Vec<Vec<u8>> = paths.iter().map(request).collect();
            let make = move |client: usize, n: usize| requests[(client * 31 + n) % requests.len()].clone();
            let before = server.processor_seconds();
            let load = http::load(&server.address, 32, TIME / TURNS, make);
            let server_seconds = server.processor_seconds() - before;
            sum.add(Load {
                server_seconds,
                ..load
            });
        }
    }
    loads
}
