//! Which comorbidities of the LACE index a set of ICD-10 codes shows. The table is data.
use std::sync::LazyLock;

/// One line of `data/comorbidity.tsv`.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    pub weight: u8,
    replaces: Option<&'static str>,
    /// Inclusive, compared on as many characters as they have.
    ranges: Vec<(&'static str, &'static str)>,
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let lines = include_str!("../data/comorbidity.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(group)
        .collect()
});

fn group(line: &'static str) -> Option<Group> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let weight = columns.next()?.parse().ok()?;
    let replaces = columns.next().filter(|name| *name != "-");
    let ranges = columns
        .next()?
        .split(' ')
        .map(|range| range.split_once('-').unwrap_or((range, range)));
    Some(Group {
        name,
        weight,
        replaces,
        ranges: ranges.collect(),
    })
}

/// The groups shown, each once, the milder form of one left out.
pub fn groups<'a>(codes: impl IntoIterator<Item = &'a str>) -> Vec<&'static Group> {
    let codes: Vec<String> = codes
        .into_iter()
        .map(|code| code.replace('.', "").to_ascii_uppercase())
        .collect();
    let shown: Vec<&Group> = GROUPS
        .iter()
        .filter(|group| codes.iter().any(|code| group.covers(code)))
        .collect();
    let replaced: Vec<&str> = shown.iter().filter_map(|group| group.replaces).collect();
    shown
        .into_iter()
        .filter(|group| !replaced.contains(&group.name))
        .collect()
}

impl Group {
    fn covers(&self, code: &str) -> bool {
        self.ranges.iter().any(|(low, high)| {
            code.get(..low.len()).is_some_and(|prefix| prefix >= *low)
                && code.get(..high.len()).is_some_and(|prefix| prefix <= *high)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(codes: &[&str]) -> Vec<(&'static str, u8)> {
        groups(codes.iter().copied())
            .into_iter()
            .map(|group| (group.name, group.weight))
            .collect()
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(GROUPS.len(), 16);
        assert!(GROUPS.iter().all(|g| {
            g.replaces
                .is_none_or(|name| GROUPS.iter().any(|other| other.name == name))
        }));
    }

    #[test]
    fn a_severe_form_replaces_the_mild_one_and_each_counts_once() {
        assert_eq!(
            weights(&["I50.9", "I50.22", "E11.9", "E11.22"]),
            [
                ("diabetes with end-organ damage", 2),
                ("congestive heart failure", 2)
            ]
        );
        assert_eq!(weights(&["C34.90", "C78.7"]), [("metastatic solid tumour", 6)]);
        assert_eq!(
            weights(&["N18.3", "N18.6"]),
            [("moderate or severe renal disease", 4)]
        );
        assert_eq!(weights(&["S72.001A", "Z00"]), []);
    }
}
