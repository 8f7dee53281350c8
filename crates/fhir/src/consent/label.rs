//! Security labels and what they mean for others (`data/sensitivity.tsv`).
//! <https://hl7.org/fhir/R4/security-labels.html>
use std::sync::LazyLock;

#[derive(Debug)]
pub struct Label {
    pub system: &'static str,
    pub code: &'static str,
    above: &'static str,
    /// From other organisations, unless a Consent permits it.
    pub hidden: bool,
}

pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// What counts where a resource says nothing of its confidentiality.
const USUAL: &str = "N";

static LABELS: LazyLock<Vec<Label>> = LazyLock::new(|| read(include_str!("../../data/sensitivity.tsv")));

fn read(text: &'static str) -> Vec<Label> {
    let mut system = "";
    let mut labels = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["@", named] => system = named,
            [code, above, default, _] => labels.push(Label {
                system,
                code,
                above,
                hidden: default == "hidden",
            }),
            _ => {}
        }
    }
    labels
}

/// Those that hide a resource.
pub fn hidden() -> impl Iterator<Item = &'static Label> {
    LABELS.iter().filter(|label| label.hidden)
}

/// The degrees of confidentiality, upwards.
pub fn scale() -> impl Iterator<Item = &'static Label> {
    LABELS.iter().filter(|label| label.system == CONFIDENTIALITY)
}

/// A label of the table; one without a system is taken for the table's.
pub fn find(system: Option<&str>, code: &str) -> Option<&'static Label> {
    let mut labels = LABELS.iter();
    labels.find(|label| label.code == code && system.is_none_or(|system| system == label.system))
}

/// Those that a Consent names with this one, if `permits` or else denies them. Confidentiality is a
/// scale: who may see what is restricted may see what is less so, and a denial goes upwards. The empty
/// code stands for the absence of any.
pub fn named(label: &'static Label, permits: bool) -> Vec<(&'static str, &'static str)> {
    if label.system != CONFIDENTIALITY {
        let below = LABELS.iter().filter(|other| is_below(other, label));
        return below.map(|label| (label.system, label.code)).collect();
    }
    let scale: Vec<&str> = scale().map(|label| label.code).collect();
    let place = |code: &str| scale.iter().position(|one| *one == code).unwrap_or_default();
    let reaches = |code: &str| match permits {
        true => place(code) <= place(label.code),
        false => place(code) >= place(label.code),
    };
    let codes = scale.iter().copied().filter(|code| reaches(code));
    let absent = reaches(USUAL).then_some("");
    codes.chain(absent).map(|code| (CONFIDENTIALITY, code)).collect()
}

fn is_below(label: &Label, above: &Label) -> bool {
    if label.system != above.system {
        return false;
    }
    label.code == above.code
        || find(Some(label.system), label.above).is_some_and(|next| is_below(next, above))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(code: &str, permits: bool) -> Vec<&'static str> {
        let label = find(None, code).expect("a label");
        named(label, permits).into_iter().map(|(_, code)| code).collect()
    }

    #[test]
    fn a_label_names_those_below_it() {
        assert_eq!(codes("SUD", true), ["SUD", "ETHUD", "OPIOIDUD"]);
        assert_eq!(codes("HIV", false), ["HIV"]);
        assert!(codes("SPI", true).contains(&"OPIOIDUD"));
    }

    #[test]
    fn confidentiality_is_permitted_downwards_and_denied_upwards() {
        assert_eq!(codes("R", true), ["U", "L", "M", "N", "R", ""]);
        assert_eq!(codes("L", true), ["U", "L"]);
        assert_eq!(codes("R", false), ["R", "V"]);
        assert_eq!(codes("N", false), ["N", "R", "V", ""]);
    }

    #[test]
    fn every_row_of_the_table_is_understood() {
        let rows = include_str!("../../data/sensitivity.tsv");
        let rows = rows.lines().filter(|line| !line.starts_with(['#', '@']));
        assert_eq!(LABELS.len(), rows.count());
        for label in LABELS.iter() {
            assert!(label.above == "-" || find(Some(label.system), label.above).is_some());
            assert_eq!(LABELS.iter().filter(|other| other.code == label.code).count(), 1);
        }
        assert!(find(Some("urn:other"), "R").is_none() && hidden().count() > 20);
    }
}
