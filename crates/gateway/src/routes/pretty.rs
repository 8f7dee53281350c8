//! `_pretty=true`: indents JSON text without reading its values, so that decimals and member
//! order stay as they are. <https://hl7.org/fhir/R4/http.html#parameters>
use crate::error::ApiError;
use actix_web::HttpRequest;
use fhir::IssueCode;

pub fn wanted(request: &HttpRequest) -> bool {
    values(request).any(|value| value == "true")
}

/// 400 unless `_pretty` is one of its two values.
pub fn readable(request: &HttpRequest) -> Result<(), ApiError> {
    match values(request).all(|value| matches!(value, "true" | "false")) {
        true => Ok(()),
        false => Err(ApiError::bad_request(
            IssueCode::Value,
            "_pretty takes true or false",
        )),
    }
}

fn values(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let pairs = request.query_string().split('&');
    pairs.filter_map(|pair| pair.strip_prefix("_pretty="))
}

/// `text` must be JSON.
pub fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut escaped, mut opened) = (0usize, false, false, false);
    for c in text.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        depth -= usize::from(closes);
        if opened != closes && (opened || closes) {
            new_line(&mut out, depth);
        }
        opened = matches!(c, '{' | '[');
        depth += usize::from(opened);
        in_string = c == '"';
        out.push(c);
        match c {
            ',' => new_line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::indented;
    use serde_json::Value;

    #[test]
    fn values_are_untouched() {
        let text = r#"{"a":1.10,"b":["x\"{,:}\\",{}, []],"c":{"d":null}}"#;
        let pretty = indented(text);
        assert!(pretty.contains("\"a\": 1.10,\n"), "{pretty}");
        assert!(pretty.contains("{}") && pretty.contains("[]"), "{pretty}");
        assert_eq!(
            serde_json::from_str::<Value>(text).unwrap(),
            serde_json::from_str::<Value>(&pretty).unwrap()
        );
    }
}
