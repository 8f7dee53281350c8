//! `[practice]`: where deadlines are counted, and who coordinates.
use super::Practice;
use serde::Deserialize;
use toml::Value;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PracticeTable {
    pub timezone: Option<String>,
    pub holidays: Vec<Value>,
    pub coordinator: Option<String>,
}

impl PracticeTable {
    pub fn settings(self) -> Result<Practice, String> {
        let defaults = Practice::default();
        let timezone = match self.timezone {
            None => defaults.timezone,
            Some(name) => name
                .parse()
                .map_err(|_| format!("practice.timezone: `{name}` is not an IANA time zone"))?,
        };
        let holidays = self.holidays.iter().map(holiday).collect::<Result<_, _>>()?;
        if let Some(reference) = &self.coordinator
            && !is_reference(reference)
        {
            return Err(format!(
                "practice.coordinator: `{reference}` is not a reference such as `Practitioner/123`"
            ));
        }
        Ok(Practice {
            timezone,
            holidays,
            coordinator: self.coordinator,
        })
    }
}

/// A date, quoted or as TOML's own date.
fn holiday(value: &Value) -> Result<chrono::NaiveDate, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse()
        .map_err(|_| format!("practice.holidays: `{text}` is not a date such as 2026-12-24"))
}

fn is_reference(text: &str) -> bool {
    let Some((kind, id)) = text.split_once('/') else {
        return false;
    };
    matches!(
        kind,
        "Practitioner" | "PractitionerRole" | "Organization" | "CareTeam"
    ) && !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
