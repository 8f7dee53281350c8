//! Elements of a PlanDefinition as the reader asks for them.
use mapping::Code;
use serde_json::Value;

pub(super) fn each<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn extensions<'a>(value: &'a Value, url: &'a str) -> impl Iterator<Item = &'a Value> {
    each(value, "extension").filter(move |extension| text(extension, "url") == Some(url))
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

pub(super) fn number(extension: &Value) -> Option<u32> {
    let value = ["valueUnsignedInt", "valuePositiveInt", "valueInteger"]
        .iter()
        .find_map(|name| extension.get(name))?;
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

pub(super) fn coding(value: &Value) -> Option<Code> {
    Some(Code::new(text(value, "system")?, text(value, "code")?))
}

pub(super) fn codings(header: &Value, url: &str) -> Vec<Code> {
    extensions(header, url)
        .filter_map(|extension| coding(extension.get("valueCoding")?))
        .collect()
}

pub(super) fn words(header: &Value, url: &str) -> Vec<String> {
    extensions(header, url)
        .filter_map(|extension| text(extension, "valueString"))
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect()
}
