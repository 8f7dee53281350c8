//! Searches that no client means.
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
    [values(), lists(), names(), shapes(), includes(), paths()]
        .into_iter()
        .flatten()
        .collect()
}

/// Values that other layers would take for something else.
fn values() -> Vec<Query> {
    let values = [
        "%00",
        "a%00b",
        "%ff",
        "%c3%28",
        "%ed%a0%80",
        "%f4%90%80%80",
        "%E2%80%AE",
        "%0d%0aX-Injected:%201",
        "%0a",
        "%",
        "%zz",
        "%2",
        "\\",
        "\\\\\\",
        "|",
        "||",
        "|||",
        "$",
        "$$",
        ",",
        ",,",
        "\\,",
        "'",
        "''",
        "%22",
        "';DROP%20TABLE%20resource;--",
        "1%20OR%201=1",
        "%25",
        "_",
        "%25%25",
        "*",
        "?",
        "(a%2B)%2B$",
        "^(([a-z])%2B.)%2B[A-Z]([a-z])%2B$",
        "[",
        "(?=",
        "%7B%7B7*7%7D%7D",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "<script>",
        "NaN",
        "inf",
        "-inf",
        "1e308",
        "1e309",
        "-1e309",
        "1e-400",
        "1e999999999999",
        "00000000000000000000000001",
        "0x1F",
        "1_000",
        "1e",
        "e1",
        "+",
        "-",
        ".",
        "5.",
        ".5",
        "9999-12-31",
        "0000",
        "0000-00-00",
        "10000-01-01",
        "2024-02-30",
        "2024-02-29T24:00:00Z",
        "2024-02-29T23:59:60Z",
        "2024-02-29T23:59:59.999999999999999999999Z",
        "2024-02-29T10:00:00%2B99:99",
        "ap9999",
        "ap0001",
        "sa9999-12-31T23:59:59Z",
        "eb0001-01-01",
        "gege2024",
        "ne",
        "eq",
        "xx2024",
        "２０２４",
        "Patient/",
        "/Patient",
        "Patient//x",
        "Patient/x/_history/1",
        "http://",
        "https://[::1",
        "urn:uuid:",
        "#",
        "%23x",
        "Patient/%2e%2e",
        "true",
        "TRUE",
    ];
    let names = [
        "name",
        "name:exact",
        "name:contains",
        "identifier",
        "identifier:of-type",
        "birthdate",
        "general-practitioner",
        "general-practitioner:Practitioner",
        "general-practitioner:identifier",
        "gender:not",
        "language:text",
        "language:in",
        "language:below",
        "_id",
        "_lastUpdated",
        "_profile:below",
        "_tag",
        "_text",
        "_content",
        "_filter",
        "_list",
        "_has:Observation:patient:value-quantity",
        "_has:Observation:patient:code-value-quantity",
        "_sort",
        "_count",
        "_include",
        "_revinclude",
        "_elements",
        "_summary",
        "_total",
        "_cursor",
        "_format",
        "_pretty",
        "_explain",
        "deceased:missing",
    ];
    let one = |name: &'static str| {
        values
            .iter()
            .enumerate()
            .filter(move |(at, _)| (at + name.len()).is_multiple_of(4))
            .map(move |(_, value)| Query::get(format!("Patient?{name}={value}")))
    };
    let quantity = values.iter().map(|value| {
        Query::get(format!(
            "Observation?value-quantity={value}&component-code-value-quantity=8480-6${value}"
        ))
    });
    names.iter().flat_map(|name| one(name)).chain(quantity).collect()
}

fn lists() -> Vec<Query> {
    let mut all = vec![
        Query::post("Patient", format!("identifier={}", list(10_000))),
        Query::post("Patient", format!("name={}", list(10_000))),
        Query::post("Patient", format!("_id={}", list(10_000))),
        Query::post("Patient", format!("general-practitioner={}", list(10_000))),
        Query::post("Patient", format!("birthdate={}", vec!["2024"; 10_000].join(","))),
        Query::post(
            "Observation",
            format!(
                "value-quantity={}",
                vec!["1|http://unitsofmeasure.org|kg"; 10_000].join(",")
            ),
        ),
        Query::post(
            "Observation",
            format!("code-value-quantity={}", vec!["a$1"; 10_000].join(",")),
        ),
        Query::post("Patient", format!("_content={}", list(10_000))),
        Query::post(
            "Patient",
            format!("_filter={}", vec!["active eq true"; 10_000].join(" or ")),
        ),
        Query::post(
            "Patient",
            format!(
                "_filter={}active eq true{}",
                times("(", 20_000),
                times(")", 20_000)
            ),
        ),
        Query::post("Patient", format!("_filter={}", times("not(", 50_000))),
        Query::post("Patient", times("identifier=a&", 10_000)),
        Query::post("Patient", times("name=a&", 3_000)),
        Query::post("Patient", times("general-practitioner.name=a&", 1_000)),
        Query::post(
            "Patient",
            (0..5_000).map(|n| format!("x{n}={n}&")).collect::<String>(),
        ),
        Query::post("Patient", times("&", 100_000)),
        Query::post("Patient", times("=", 100_000)),
        Query::post("Patient", times("_sort=name&", 2_000)),
        Query::post("Patient", format!("_sort={}", vec!["name"; 5_000].join(","))),
        Query::post("Patient", times("_include=*&", 1_000)),
        Query::post("Patient", times("_revinclude=*&", 1_000)),
        Query::post("Patient", format!("_elements={}", list(20_000))),
    ];
    for length in [1_000, 3_000, 100_000] {
        let long = times("a", length);
        for name in [
            "name",
            "name:exact",
            "name:contains",
            "identifier",
            "_id",
            "_profile",
            "_profile:above",
            "general-practitioner",
            "_text",
            "_content",
            "_filter",
            "_cursor",
            "_sort",
        ] {
            all.push(Query::post("Patient", format!("{name}={long}")));
        }
        all.push(Query::post("Patient", format!("{long}=x")));
        all.push(Query::post("Patient", format!("name:{long}=x")));
        all.push(Query::post(
            "Patient",
            format!("_profile:above={}", times("a/", length)),
        ));
        all.push(Query::post(
            "RiskAssessment",
            format!("probability=0.{}", times("1", length)),
        ));
        all.push(Query::post(
            "RiskAssessment",
            format!("probability={}", times("1", length)),
        ));
        all.push(Query::post(
            "Patient",
            format!("birthdate=2024-01-01T00:00:00.{}Z", times("1", length)),
        ));
        all.push(Query::post(
            "Patient",
            format!("identifier={}", times("\\", length)),
        ));
    }
    all
}

fn names() -> Vec<Query> {
    let mut all: Vec<_> = [
        "=x",
        "x",
        "name",
        "name=",
        ":exact=x",
        "name:=x",
        "name::exact=x",
        "name:exact:exact=x",
        "name.=x",
        ".name=x",
        "..=x",
        "name.given=x",
        "identifier.value=x",
        "general-practitioner.=x",
        "general-practitioner:=x",
        "general-practitioner:Patient.name=x",
        "general-practitioner:Nothing.name=x",
        "_has=x",
        "_has:=x",
        "_has:::=x",
        "_has::::=x",
        "_has:Observation=x",
        "_has:Observation:patient=x",
        "_has:Observation:patient:=x",
        "_has:Observation:patient:_has=x",
        "_has:Patient:link:_id=ann",
        "_id:missing=true",
        "_lastUpdated:missing=true",
        "_sort:missing=x",
        "_count:exact=1",
        "_query=x",
        "_contained=true",
        "_containedType=container",
        "_type=Patient",
        "_score=1",
        "_since=2024",
        "%00=x",
        "%ff=x",
        "na%20me=x",
        "name[]=x",
        "name[0]=x",
        "name%3Dx",
        "__proto__=x",
        "NAME=x",
        "Name=x",
        "nàme=x",
    ]
    .iter()
    .map(|query| Query::get(format!("Patient?{query}")))
    .collect();
    for deep in [9, 60, 2_000] {
        all.push(Query::post(
            "Organization",
            format!("{}name=x", times("partof.", deep)),
        ));
        all.push(Query::post(
            "Patient",
            format!("{}_id=x", times("_has:Patient:link:", deep)),
        ));
        all.push(Query::post("Task", format!("{}_id=x", times("focus.", deep))));
        all.push(Query::post(
            "Task",
            format!("{}status=x", times("_has:Task:focus:", deep)),
        ));
    }
    all.push(Query::get("Task?focus.subject.subject.subject=x"));
    all.push(Query::get(
        "Provenance?target.patient.general-practitioner.name=x",
    ));
    all.push(Query::get("AuditEvent?entity.subject.performer.partof.partof=x"));
    all
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
