//! A write that changes nothing makes no new version, by whatever way it comes.
//! <https://hl7.org/fhir/R4/http.html#update>
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(what_says_the_same_is_no_new_version);

const FIRST: &str = r#"{"resourceType":"Observation","id":"same","meta":{"tag":[{"code":"t"}]},"status":"final","code":{"text":"café"},"valueQuantity":{"value":1.10,"unit":"x"},"note":[{"text":"a"},{"text":"b"}]}"#;

fn put(partner: &Client, text: &str) -> Reply {
    partner.send_text("PUT", "Observation/same", "application/fhir+json", text)
}

fn etag(partner: &Client) -> String {
    partner.get("Observation/same").header("etag").to_string()
}

fn what_says_the_same_is_no_new_version(baton: &Baton) {
    let partner = baton.partner();
    let stored = put(&partner, FIRST);
    assert_eq!(stored.status, 201, "{}", stored.text);
    let spaced = FIRST.replace(':', " : ").replace(',', ",\n  ");
    let escaped = FIRST.replace('é', "\\u00e9");
    let ordered = r#"{"id":"same","note":[{"text":"a"},{"text":"b"}],"valueQuantity":{"unit":"x","value":1.10},"code":{"text":"café"},"status":"final","meta":{"lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"t"}],"versionId":"9"},"resourceType":"Observation"}"#;
    for same in [FIRST, &stored.text, &spaced, &escaped, ordered] {
        let again = put(&partner, same);
        assert_eq!((again.status, again.header("etag")), (200, "W/\"1\""), "{same}");
        assert_eq!(again.text, stored.text, "what was stored stays as it was written");
    }
    let patch = r#"[{"op":"replace","path":"/status","value":"final"}]"#;
    let patched = partner.send_text("PATCH", "Observation/same", "application/json-patch+json", patch);
    assert_eq!((patched.status, patched.header("etag")), (200, "W/\"1\""));
    for kind in ["transaction", "batch"] {
        let resource: Value = serde_json::from_str(ordered).expect("JSON");
        let entry = json!({"resource": resource, "request": {"method": "PUT", "url": "Observation/same"}});
        let answer = partner
            .post(
                "",
                &json!({"resourceType": "Bundle", "type": kind, "entry": [entry]}),
            )
            .ok();
        // 1.10 came back from a client that keeps no digits as 1.1, which is another precision.
        assert_eq!(answer["entry"][0]["response"]["etag"], "W/\"2\"", "{kind}");
    }
    assert_eq!(etag(&partner), "W/\"2\"");
    for (number, other) in [
        FIRST.replace("1.10", "1.100"),
        FIRST.replace(
            "{\"text\":\"a\"},{\"text\":\"b\"}",
            "{\"text\":\"b\"},{\"text\":\"a\"}",
        ),
        FIRST.replace("café", "CAFÉ"),
        FIRST.replace("\"meta\":{\"tag\":[{\"code\":\"t\"}]},", ""),
    ]
    .iter()
    .enumerate()
    {
        let changed = put(&partner, other);
        assert_eq!(changed.header("etag"), format!("W/\"{}\"", number + 3), "{other}");
    }
}
