//! Words in texts: `_text` in the narrative, `_content` anywhere, `:text` in displays.
//! <https://hl7.org/fhir/R4/search.html#content>
use super::index::normalise;
use serde_json::Value;

/// What a text must contain: any of the alternatives, of one all phrases.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub alternatives: Vec<Vec<String>>,
}

impl Words {
    /// `text` is padded with blanks and has only words, as [`words`] leaves it.
    pub fn hold(&self, text: &str) -> bool {
        let has = |phrase: &String| text.contains(phrase.as_str());
        self.alternatives.iter().any(|phrases| phrases.iter().all(has))
    }
}

/// Folded words between single blanks, with a blank at either end.
pub fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for part in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        words += &normalise(part);
        words.push(' ');
    }
    words
}

/// The narrative as text, without its markup.
pub fn narrative(resource: &Value) -> String {
    let Some(div) = resource.pointer("/text/div").and_then(Value::as_str) else {
        return String::new();
    };
    let mut text = String::with_capacity(div.len());
    let mut inside = false;
    for c in div.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    words(&text)
}

/// Every text of the resource, the narrative included.
pub fn content(resource: &Value) -> String {
    let mut all = narrative(resource);
    gather(resource, &mut all);
    all
}

fn gather(value: &Value, all: &mut String) {
    match value {
        Value::String(text) if !text.starts_with("<div") => *all += &words(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, all)),
        Value::Object(members) => members.values().for_each(|member| gather(member, all)),
        _ => {}
    }
}

/// What a person reads of a code or identifier.
pub fn displays(element: &Value) -> impl Iterator<Item = &str> {
    let own = ["/text", "/display", "/type/text"]
        .into_iter()
        .filter_map(move |at| element.pointer(at)?.as_str());
    let codings = element
        .get("coding")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    own.chain(codings.filter_map(|coding| coding.get("display")?.as_str()))
}
