//! The rows that one Observation costs, as SQL values: as wide as Baton's, and as far apart.
use crate::observation;
use fhir::Resource;
use fhir::search::index::{Entry, EntryValue, stored};
use fhir::search::words::terms;

/// How much later an Observation is than the first, in microseconds, as [`observation::json`] has it.
const LATER: &str = "{n}%28*86400000000+{n}%24*3600000000+{n}%60*60000000";

/// Table with columns, and SQL values, of each row. `{n}` stands for the resource's number: key, ids,
/// patients, dates and values are made of it as [`observation::json`] makes them, so that rows land as far
/// apart as Baton's.
pub(super) fn rows() -> Vec<(&'static str, String)> {
    let text = observation::json(1);
    let resource = Resource::parse(text.as_bytes()).expect("a resource");
    let type_id = resource.type_id.0;
    let body = resource.stamped(
        "00000000-0000-7000-8000-000000000000",
        1,
        "2026-10-30T08:00:00.000Z",
    );
    let body = pack(&body);
    let resource_row = (
        "resource (key,type_id,id,version,updated,deleted,body)",
        format!("{{key}},{type_id},'00000000-0000-7000-8000-{{wide}}',1,{{key}},false,<<{body}>>"),
    );
    let audit_row = (
        "audit (id,at,actor,request,key,version,deleted,detail)",
        format!(
            "{{key}},{{key}},'00000000-0000-7000-8000-000000000000',<<00000000000070008000000000000000>>,{{key}},1,false,<<{}>>",
            audited()
        ),
    );
    let words: Vec<String> = terms(&resource.value)
        .iter()
        .map(|word| format!("O{word}"))
        .collect();
    let text_row = ("idx_text (words,rowid)", format!("'{}',{{key}}", words.join(" ")));
    let index = stored(&resource).into_iter().map(|entry| index_row(&entry));
    let key = format!("({}+{{n}})", first_key());
    let rows = [resource_row, audit_row, text_row].into_iter().chain(index);
    rows.map(|(table, row)| (table, row.replace("{key}", &key)))
        .collect()
}

/// What stands beside the columns of an audit row, in hexadecimal: the patient, and from where the request came.
fn audited() -> String {
    let patient = observation::patient(1);
    let tagged = [
        &[1, 0, patient.len() as u8][..],
        patient.as_bytes(),
        &[3, 0, 4, 127, 0, 0, 1],
    ];
    hexadecimal(&tagged.concat())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Before the keys of all Observations (`store/src/keys.rs`).
fn first_key() -> i64 {
    let id = fhir::TypeId::of("Observation").expect("a type").0;
    i64::from(id) << 44
}

/// The bytes Baton stores for a body, in hexadecimal.
fn pack(body: &str) -> String {
    const DICTIONARY: &[u8] = include_bytes!("../../../store/data/bodies.zdict");
    let mut packer = zstd::bulk::Compressor::with_dictionary(1, DICTIONARY).expect("a dictionary");
    hexadecimal(&packer.compress(body.as_bytes()).expect("compressed"))
}

fn index_row(entry: &Entry) -> (&'static str, String) {
    let param = entry.param.0;
    let hash = 4_611_686_018_427_387_905_i64;
    match &entry.value {
        EntryValue::Token { code, .. } | EntryValue::Identifier { code, .. } => (
            "idx_token (param,code,system,key)",
            format!("{param},'{code}',{hash},{{key}}"),
        ),
        EntryValue::Uri(uri) => (
            "idx_token (param,code,system,key)",
            format!("{param},'{uri}',0,{{key}}"),
        ),
        EntryValue::Local { type_id, id } => (
            "idx_reference (param,target_type,target,key)",
            format!(
                "{param},{},'{}',{{key}}",
                type_id.0,
                id.replace("000001", "{patient}")
            ),
        ),
        EntryValue::Url(url) => (
            "idx_reference (param,target_type,target,key)",
            format!("{param},-1,'{url}',{{key}}"),
        ),
        EntryValue::Date { low, high } => (
            "idx_date (param,low,high,key)",
            format!("{param},{low}+{LATER},{high}+{LATER},{{key}}"),
        ),
        EntryValue::Str { norm, .. } => (
            "idx_string (param,norm,exact,key)",
            format!("{param},'{norm}','',{{key}}"),
        ),
        EntryValue::Number { low, high } => (
            "idx_number (param,low,high,key)",
            format!("{param},{low},{high},{{key}}"),
        ),
        EntryValue::Quantity { value, .. } => (
            "idx_quantity (param,value,code,system,key)",
            format!("{param},{value}+{{n}}%60,{hash},{hash},{{key}}"),
        ),
        EntryValue::Coded { code, quantity, .. } => {
            let quantity = match quantity.as_deref() {
                Some(EntryValue::Quantity { value, .. }) => format!("{value}+{{n}}%60,{hash},{hash}"),
                _ => "NULL,NULL,NULL".to_string(),
            };
            (
                "idx_coded (param,code,system,key,nth,value,unit,unit_system)",
                format!("{param},'{code}',{hash},{{key}},0,{quantity}"),
            )
        }
    }
}
