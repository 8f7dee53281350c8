//! Searches that no client means; the longest groups are in files of their own.
mod names;
mod sizes;
mod values;

use super::{Client, Reply, answer};
use crate::parameters::{TYPES, rows};
use rand::Rng;
use rand::rngs::StdRng;

pub struct Query {
    path: String,
    /// By POST: the form.
    form: Option<String>,
}

impl Query {
    fn get(path: impl Into<String>) -> Query {
        Query {
            path: path.into(),
            form: None,
        }
    }

    fn post(on: &str, form: impl Into<String>) -> Query {
        Query {
            path: format!("{on}/_search"),
            form: Some(form.into()),
        }
    }

    pub fn shown(&self) -> String {
        format!("{} {}", self.path, self.form.as_deref().unwrap_or_default())
    }

    pub fn ask(&self, partner: &Client) -> Result<Reply, String> {
        match &self.form {
            None => answer(partner.request("GET", &self.path)),
            Some(form) => {
                let media = "application/x-www-form-urlencoded";
                answer(
                    partner
                        .request("POST", &self.path)
                        .header("content-type", media)
                        .body(form.clone()),
                )
            }
        }
    }
}

fn times(text: &str, count: usize) -> String {
    text.repeat(count)
}

fn list(count: usize) -> String {
    (0..count).map(|n| format!("v{n}")).collect::<Vec<_>>().join(",")
}

pub fn written() -> Vec<Query> {
    [
        values::values(),
        sizes::lists(),
        names::names(),
        shapes(),
        includes(),
        paths(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What asks for two things at once.
fn shapes() -> Vec<Query> {
    [
        "status=draft&status=completed",
        "status=draft&status:not=draft",
        "status:missing=true&status=draft",
        "_summary=count&_elements=id",
        "_summary=true&_summary=false",
        "_summary=text&_include=*",
        "_total=none&_total=accurate",
        "_count=1&_count=2",
        "_count=0",
        "_count=-1",
        "_count=1.5",
        "_count=18446744073709551616",
        "_count=0&_total=accurate&_sort=-due",
        "_sort=due,-due,due",
        "_sort=-",
        "_sort=,",
        "_sort=--due",
        "_sort=_score",
        "_sort=near",
        "_format=xml",
        "_format=application/pdf",
        "_pretty=maybe",
        "_cursor=AAAA",
        "_cursor=eyJxdWVyeSI6MX0",
        "_cursor=bnVsbA",
        "_cursor=W10",
        "_cursor=eyJxdWVyeSI6MCwiYmFja3dhcmRzIjpmYWxzZSwia2V5Ijo5MjIzMzcyMDM2ODU0Nzc1ODA3LCJ2YWx1ZXMiOltdfQ",
        "due=ge2025&due=le2024",
        "due=eq0001&due=eq9999",
        "_filter=a",
        "_filter=status",
        "_filter=status eq",
        "_filter=status eq \"",
        "_filter=not",
        "_filter=and and and",
        "_filter=(((",
        "_filter=status re draft",
        "_lastUpdated=ge9999-12-31T23:59:59.999Z",
        "_lastUpdated=lt0001",
        "_explain=true",
        "_type=Task,Task,Nothing",
    ]
    .iter()
    .map(|query| Query::get(format!("Task?{query}")))
    .chain(
        [
            "?_type=Patient&name=x",
            "?name=x",
            "?_type=",
            "?_type=Patient,,Task",
            "?_count=0",
            "_search",
            "_history?_count=x",
            "_history?_since=x",
            "_history?_at=x&_since=y",
        ]
        .map(Query::get),
    )
    .collect()
}

/// Rings and everything at once.
fn includes() -> Vec<Query> {
    [
        "Organization?name=ring&_include:iterate=Organization:partof", "Organization?name=ring&_revinclude:iterate=Organization:partof", "Organization?_id=ring-0&_include=Organization:partof&_include:iterate=*",
        "Organization?_id=ring-0&_revinclude:iterate=*", "Patient?_revinclude=*", "Patient?_include=*&_include:iterate=*&_revinclude:iterate=*:*", "Patient?_include:iterate=*:*", "Encounter?_revinclude:iterate=*:*:*",
        "Patient?_include=Patient", "Patient?_include=Patient:", "Patient?_include=:link", "Patient?_include=Patient:link:", "Patient?_include=Patient:link:Nothing", "Patient?_include=Patient:link:Patient:x",
        "Patient?_include:recurse=Patient:link", "Patient?_include:iterate:iterate=Patient:link", "Patient?_revinclude=Observation:nothing", "Patient?_revinclude=Observation:code", "Patient?_include=Observation:subject",
        "Provenance?_include=Provenance:target&_include:iterate=Provenance:target&_revinclude:iterate=Provenance:target",
        "Organization?name=ring&partof.partof.partof.partof.partof.partof.name=ring&_include:iterate=Organization:partof&_revinclude:iterate=Organization:partof&_sort=-partof,name&_total=accurate&_count=1",
    ]
    .map(Query::get)
    .into()
}

fn paths() -> Vec<Query> {
    [
        "Patient/%00",
        "Patient/a%2Fb",
        "Patient/..",
        "Patient/%2e%2e%2fmetadata",
        "Patient//",
        "Patient/ann/_history/x",
        "Patient/ann/_history/99999999999999999999",
        "Patient/ann/_history/-1",
        "Patient/ann/_history/0",
        "Patient/ann/Nothing",
        "Patient/ann/*",
        "Patient/ann/*?_type=Nothing",
        "Patient/ann/Observation/x",
        "Nothing/1",
        "patient/ann",
        "Patient/ann/$nothing",
        "$nothing",
        "Patient/$everything",
        "Patient/ann/$everything?start=x&end=y",
        "Patient/ann/$everything?_count=x",
        "Patient/ann/$everything?_since=ge2024",
        "Observation/$lastn?max=x",
        "Observation/$lastn?max=-1&patient=ann",
        "Observation/$lastn",
        "Patient/ann/$meta?x=y",
        "Patient?_format=%00",
    ]
    .map(Query::get)
    .into_iter()
    .chain([
        Query::get(format!("Patient/{}", times("a", 65))),
        Query::get(format!("Patient/{}", times("a", 3_000))),
        Query::get(format!("Patient/ann{}", times("/x", 1_000))),
    ])
    .collect()
}

const SPLICES: [&str; 24] = [
    "%00",
    "%ff",
    "\\",
    "|",
    "$",
    ",",
    ":",
    ".",
    "&",
    "=",
    "%25",
    "_",
    "'",
    "%22",
    "(",
    "%F0%9F%98%80",
    "%E2%80%8B",
    "-",
    "e9",
    "Z",
    "_has:",
    "9999999999",
    "/",
    "%C3%85",
];

/// Good searches with something cut out, put in, doubled or swapped.
pub fn mutated(rng: &mut StdRng, count: usize) -> Vec<Query> {
    let good: Vec<_> = TYPES
        .iter()
        .flat_map(|on| rows(on).into_iter().map(move |row| (on, row.query)))
        .collect();
    (0..count)
        .map(|at| {
            let (on, query) = &good[rng.random_range(0..good.len())];
            let mut query = query.clone();
            for _ in 0..rng.random_range(1..4) {
                query = mutation(&query, &good[rng.random_range(0..good.len())].1, rng);
            }
            if at % 2 == 0 {
                Query::get(format!("{on}?{query}"))
            } else {
                Query::post(on, query)
            }
        })
        .collect()
}

fn mutation(query: &str, other: &str, rng: &mut StdRng) -> String {
    let letters: Vec<char> = query.chars().collect();
    let (a, b) = (
        rng.random_range(0..=letters.len()),
        rng.random_range(0..=letters.len()),
    );
    let text = |range: &[char]| range.iter().collect::<String>();
    let (head, tail) = (text(&letters[..a]), text(&letters[a..]));
    match rng.random_range(0..6) {
        0 => format!("{head}{}{tail}", SPLICES[rng.random_range(0..SPLICES.len())]),
        1 => format!("{head}{}", text(&letters[a.max(b)..])),
        2 => format!("{query}&{other}"),
        3 => format!("{head}{}", other.chars().skip(a).collect::<String>()),
        4 => format!("{head}{}{tail}", text(&letters[a.min(b)..a.max(b)]).repeat(20)),
        _ => tail + &head,
    }
}
