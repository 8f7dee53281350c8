//! history of an instance, a type, everything. <https://hl7.org/fhir/R4/http.html#history>
use super::with_id;
use crate::on_both;
use crate::support::{Baton, Client};

on_both!(histories_page_and_filter);

/// Relative urls of `entry.request` with their versions, over all pages; the page sizes.
pub fn walk(partner: &Client, path: &str) -> (Vec<String>, Vec<usize>) {
    let (mut seen, mut sizes, mut next) = (Vec::new(), Vec::new(), Some(path.to_string()));
    while let Some(url) = next {
        let page = partner.get(&url).ok();
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        sizes.push(entries.len());
        seen.extend(
            entries
                .iter()
                .map(|e| format!("{} {}", e["fullUrl"], e["response"]["etag"])),
        );
        let links = page["link"].as_array().expect("links").iter();
        next = links
            .clone()
            .find(|l| l["relation"] == "next")
            .map(|l| l["url"].as_str().expect("a url").to_string());
    }
    (seen, sizes)
}

fn histories_page_and_filter(baton: &Baton) {
    let partner = baton.partner();
    for n in 0..7 {
        partner.put("Basic/h1", &with_id("h1", &format!("{n}"))).ok();
    }
    partner.put("Basic/h2", &with_id("h2", "x")).ok();
    let (instance, sizes) = walk(&partner, "Basic/h1/_history?_count=3");
    assert_eq!((sizes, instance.len()), (vec![3, 3, 1], 7));
    assert!(
        instance[0].contains("W/\\\"7\\\"") && instance[6].contains("W/\\\"1\\\""),
        "{instance:?}"
    );
    let (of_type, _) = walk(&partner, "Basic/_history?_count=2");
    assert_eq!(of_type.len(), 8);
    let (of_all, _) = walk(&partner, "_history?_count=5");
    assert!(of_all.len() >= 8 && of_type.iter().all(|one| of_all.contains(one)));
    assert!(of_all.windows(2).all(|pair| pair[0] != pair[1]));

    let updated = partner.get("Basic/h1").json()["meta"]["lastUpdated"]
        .as_str()
        .expect("an instant")
        .to_string();
    let (since, _) = walk(
        &partner,
        &format!("Basic/_history?_since={}", updated.replace('+', "%2B")),
    );
    assert_eq!(since.len(), 2, "the last of h1, and h2: {since:?}");
    assert!(walk(&partner, "Basic/_history?_since=2999-01-01").0.is_empty());
    partner
        .get("Basic/_history?_since=yesterday")
        .refused(400, "_since");
    partner.get("Basic/_history?_at=2020").refused(400, "_at");
    partner.get("Basic/never/_history").refused(404, "Basic");
}
