//! Settings: flags override environment, environment overrides the file.

#[derive(Clone, Debug)]
pub struct Config {
    pub listen: String,
    pub database: String,
    /// Without a trailing slash, such as `http://127.0.0.1:8080`; the FHIR base is `{public_url}/fhir`.
    pub public_url: String,
    pub auth: Auth,
    pub mllp: Option<String>,
    pub practice: Practice,
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Required,
    Disabled,
}

/// The practice that follows up discharges.
#[derive(Clone, Debug)]
pub struct Practice {
    pub timezone: chrono_tz::Tz,
    /// Besides the US federal ones.
    pub holidays: Vec<chrono::NaiveDate>,
    /// Reference such as `Practitioner/123`: owner of outreach tasks, member of each care team.
    pub coordinator: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request body.
    pub body: usize,
    pub bundle_entries: usize,
    pub default_count: usize,
    pub max_count: usize,
}

impl Config {
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.public_url)
    }
}
