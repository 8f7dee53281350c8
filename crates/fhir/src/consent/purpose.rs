//! Why data are asked for (`data/purposes.tsv`).
//! <https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html>
use std::sync::LazyLock;

pub const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// Emergency treatment, and breaking the glass, which is part of it.
const EMERGENCY: &str = "ETREAT";

/// Each code with the one that it is part of.
static PURPOSES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("../../data/purposes.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('\t')).collect()
});

/// The code, if it is one.
pub fn find(code: &str) -> Option<&'static str> {
    let mut all = PURPOSES.iter().map(|(code, _)| *code);
    all.find(|known| *known == code)
}

/// All purposes that are part of this one, itself included.
pub fn parts(code: &str) -> Vec<&'static str> {
    let all = PURPOSES.iter().map(|(part, _)| *part);
    all.filter(|part| is_part(part, code)).collect()
}

/// Of purposes that come with all their parts, those that stand for the others.
pub fn tops(all: &[&'static str]) -> Vec<&'static str> {
    let is_top = |code: &&'static str| !all.iter().any(|other| other != code && is_part(code, other));
    all.iter().copied().filter(is_top).collect()
}

/// What this purpose is part of, itself included.
pub fn wholes(code: &str) -> Vec<&'static str> {
    let all = PURPOSES.iter().map(|(whole, _)| *whole);
    all.filter(|whole| is_part(code, whole)).collect()
}

/// Whether somebody who says so asks to be shown what is withheld.
pub fn breaks_glass(code: &str) -> bool {
    is_part(code, EMERGENCY) && code != "ERTREAT"
}

fn is_part(part: &str, of: &str) -> bool {
    part == of
        || PURPOSES
            .iter()
            .any(|(code, whole)| *code == part && is_part(whole, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_covers_its_parts() {
        assert_eq!(parts("ETREAT"), ["ETREAT", "BTG", "ERTREAT"]);
        assert!(parts("TREAT").contains(&"BTG") && !parts("TREAT").contains(&"HPAYMT"));
        assert!(parts("nothing").is_empty());
        assert_eq!(wholes("BTG"), ["TREAT", "ETREAT", "BTG"]);
        assert_eq!(
            tops(&[&parts("ETREAT")[..], &["HPAYMT"]].concat()),
            ["ETREAT", "HPAYMT"]
        );
        assert_eq!(find("TREAT"), Some("TREAT"));
        assert!(find("treat").is_none() && find("-").is_none());
    }

    #[test]
    fn every_row_leads_somewhere() {
        assert!(
            PURPOSES
                .iter()
                .all(|(_, whole)| *whole == "-" || find(whole).is_some())
        );
        let rows = include_str!("../../data/purposes.tsv");
        assert_eq!(
            PURPOSES.len(),
            rows.lines().filter(|line| !line.starts_with('#')).count()
        );
    }

    #[test]
    fn emergencies_break_the_glass() {
        let breaking = PURPOSES.iter().map(|(code, _)| *code);
        let breaking: Vec<_> = breaking.filter(|code| breaks_glass(code)).collect();
        assert_eq!(breaking, ["ETREAT", "BTG"]);
    }
}
