//! history of an instance, a type, everything. <https://hl7.org/fhir/R4/http.html#history>
use super::with_id;
use crate::on_both;
use crate::support::{Baton, Client};

on_both!(
    histories_page_and_filter,
    histories_go_back_and_forth,
    histories_tell_what_was_current
);

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
    partner.get("Basic/_history?_at=then").refused(400, "_at");
    partner.get("Basic/_history?_list=1").refused(400, "_since");
    partner.get("Basic/never/_history").refused(404, "Basic");
}

/// The link of that relation.
fn link(page: &serde_json::Value, relation: &str) -> Option<String> {
    let links = page["link"].as_array().expect("links").iter();
    let mut found = links.filter(|link| link["relation"] == relation);
    found
        .next()
        .map(|link| link["url"].as_str().expect("a url").to_string())
}

fn versions(page: &serde_json::Value) -> Vec<String> {
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    let etags = entries
        .iter()
        .map(|entry| entry["response"]["etag"].as_str().expect("an etag"));
    etags.map(|etag| etag.replace(['W', '/', '"'], "")).collect()
}

fn histories_go_back_and_forth(baton: &Baton) {
    let partner = baton.partner();
    for n in 0..7 {
        partner.put("Basic/b1", &with_id("b1", &format!("{n}"))).ok();
    }
    for (sort, pages) in [
        ("", [&["7", "6", "5"][..], &["4", "3", "2"], &["1"]]),
        (
            "&_sort=-_lastUpdated",
            [&["7", "6", "5"], &["4", "3", "2"], &["1"]],
        ),
        (
            "&_sort=_lastUpdated",
            [&["1", "2", "3"], &["4", "5", "6"], &["7"]],
        ),
    ] {
        let first = partner.get(&format!("Basic/b1/_history?_count=3{sort}")).ok();
        assert_eq!(versions(&first), pages[0]);
        assert_eq!(link(&first, "previous"), None);
        let second = partner.get(&link(&first, "next").expect("more")).ok();
        assert_eq!(versions(&second), pages[1]);
        let third = partner.get(&link(&second, "next").expect("more")).ok();
        assert_eq!(
            (versions(&third), link(&third, "next")),
            (pages[2].iter().map(ToString::to_string).collect(), None)
        );
        let back = partner.get(&link(&third, "previous").expect("a way back")).ok();
        assert_eq!(versions(&back), pages[1]);
        let start = partner.get(&link(&back, "previous").expect("a way back")).ok();
        assert_eq!(
            (versions(&start), link(&start, "previous")),
            (versions(&first), None)
        );
        assert_eq!(
            versions(&partner.get(&link(&start, "next").expect("more")).ok()),
            pages[1]
        );
        let again = partner.get(&link(&third, "first").expect("a first")).ok();
        assert_eq!(versions(&again), pages[0]);
        // What is written meanwhile moves nothing.
        partner
            .put("Basic/b2", &with_id("b2", &format!("after {sort}")))
            .ok();
        let whole = partner.get(&format!("Basic/_history?_count=2{sort}")).ok();
        assert_eq!(versions(&whole).len(), 2);
    }
    partner
        .get("Basic/b1/_history?_sort=status")
        .refused(400, "_lastUpdated");
    partner
        .get("Basic/b1/_history?_cursor=AAAA")
        .refused(400, "_cursor");
}

fn histories_tell_what_was_current(baton: &Baton) {
    let partner = baton.partner();
    let mut instants = Vec::new();
    for n in 0..4 {
        let put = partner.put("Basic/at", &with_id("at", &format!("{n}"))).ok();
        instants.push(
            put["meta"]["lastUpdated"]
                .as_str()
                .expect("an instant")
                .replace('+', "%2B"),
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    partner.delete("Basic/at");
    let at = |path: &str, when: &str| versions(&partner.get(&format!("{path}/_history?_at={when}")).ok());
    for (n, instant) in instants.iter().enumerate() {
        assert_eq!(at("Basic/at", instant), [(n + 1).to_string()], "{instant}");
        assert_eq!(at("Basic", instant), [(n + 1).to_string()], "{instant}");
    }
    assert!(at("Basic/at", "2020").is_empty());
    assert_eq!(at("Basic/at", "2999-01-01T00:00:00Z"), ["5"], "deleted then");
    let year = &instants[0][..4];
    assert_eq!(
        at("Basic/at", year),
        ["5", "4", "3", "2", "1"],
        "all were current within the year"
    );
    let both = partner
        .get(&format!("_history?_at={}&_since={}", instants[2], instants[2]))
        .ok();
    assert_eq!(versions(&both), ["3"]);
}
