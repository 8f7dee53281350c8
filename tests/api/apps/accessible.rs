//! Whether everybody can use a page: axe-core's rules for WCAG 2.2 AA, and what it cannot see.
//! <https://www.w3.org/TR/WCAG22/> <https://github.com/dequelabs/axe-core>
use super::browser::Browser;
use crate::support::tools;
use serde_json::Value;

const RUN: &str = r#"
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return axe.run(document, { runOnly: tags }).then(found => ({
        passed: found.passes.length,
        violations: found.violations.map(rule => `${rule.id}: ${rule.help}: ` + rule.nodes.map(node => node.html).join(" ")),
    }));
"#;

const WIDER: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

/// Skipped, with a line saying so, where npm cannot bring axe-core.
pub fn check(browser: &Browser) {
    assert_eq!(browser.run(WIDER), 0, "{} scrolls sideways", browser.url());
    let Some(modules) = tools::node_modules() else {
        return;
    };
    let axe = std::fs::read_to_string(modules.join("axe-core/axe.min.js")).expect("axe-core");
    // The contrast of each scheme is its own.
    for scheme in ["dark", "light"] {
        browser.prefer(scheme);
        let found = browser.run(&format!("{axe}\n{RUN}"));
        assert!(found["passed"].as_u64() > Some(10), "it looked: {found}");
        assert_eq!(
            found["violations"],
            Value::Array(Vec::new()),
            "{scheme} {}",
            browser.url()
        );
    }
}
