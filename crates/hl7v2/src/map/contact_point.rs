//! XTN to ContactPoint.
use super::json::element;
use crate::codes::{Table, translate};
use crate::message::Rep;
use serde_json::{Value, json};

/// `usage` applies when the number does not say: PID-13 is home, PID-14 work.
pub(super) fn xtn(rep: Rep<'_>, usage: Option<&str>) -> Option<Value> {
    let equipment = rep.component(3).text().unwrap_or_default().to_ascii_uppercase();
    let purpose = rep.component(2).text().unwrap_or_default().to_ascii_uppercase();
    let email = rep.component(4).text().filter(|text| text.contains('@'));
    let number = number(rep);
    let network = purpose == "NET" || matches!(equipment.as_str(), "INTERNET" | "X.400");
    let (system, value) = match (email, number) {
        (Some(email), None) => ("email", email),
        (Some(email), Some(_)) if network => ("email", email),
        (None, Some(text)) if text.contains('@') => ("email", text),
        (_, Some(number)) if network => ("phone", number),
        (_, Some(number)) => (system(&equipment), number),
        (None, None) => return None,
    };
    let stated = translate(Table::ContactUse, &purpose).map(|row| row.code);
    let usage = if equipment == "CP" {
        Some("mobile")
    } else {
        stated.or(usage)
    };
    let rank = rep
        .component(18)
        .text()
        .and_then(|rank| rank.parse::<u32>().ok())
        .filter(|rank| *rank > 0);
    element([
        ("system", Some(json!(system))),
        ("value", Some(Value::from(value))),
        ("use", usage.map(Value::from)),
        ("rank", rank.map(Value::from)),
    ])
}

fn system(equipment: &str) -> &'static str {
    translate(Table::ContactSystem, equipment).map_or("phone", |row| row.code)
}

/// As one text where it is given (unformatted since 2.7, formatted before), else from its parts.
fn number(rep: Rep<'_>) -> Option<String> {
    let text = |number: usize| rep.component(number).text();
    if let Some(whole) = text(12).or_else(|| text(1)) {
        return Some(whole);
    }
    let local = text(7)?;
    let country = text(5).map(|country| format!("+{} ", country.trim_start_matches('+')));
    let area = text(6).map(|area| format!("{area} "));
    let extension = text(8).map(|extension| format!(" x{extension}"));
    Some(
        [country, area, Some(local), extension]
            .into_iter()
            .flatten()
            .collect(),
    )
}
