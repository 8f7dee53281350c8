//! The LACE index (van Walraven 2010): risk of death or unplanned readmission within 30 days.
//!
//! Length of stay, Acuity, Comorbidity, Emergency visits. A missing input makes the index
//! incomplete; it is never counted as zero in silence, but what the known inputs already decide
//! stands.
use crate::comorbidity;

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: &'static str,
    /// What was found, in words; None: unknown.
    pub found: Option<(u8, String)>,
    most: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lace {
    pub inputs: [Input; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Low,
    Moderate,
    High,
}

/// What is known about the stay; None is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub days: Option<u32>,
    pub emergent: Option<bool>,
    /// ICD-10 codes; None: no coded diagnosis at all.
    pub diagnoses: Option<Vec<String>>,
    pub emergency_visits: Option<u32>,
}

impl Lace {
    pub fn score(observed: &Observed) -> Lace {
        let days = observed
            .days
            .map(|days| (length_points(days), format!("{days} days")));
        let emergent = observed.emergent.map(|emergent| match emergent {
            true => (3, "emergent admission".to_owned()),
            false => (0, "admission not emergent".to_owned()),
        });
        let visits = observed.emergency_visits.map(|visits| {
            let points = u8::try_from(visits.min(4)).unwrap_or(4);
            (
                points,
                format!("{visits} emergency visits known in the 6 months before"),
            )
        });
        Lace {
            inputs: [
                Input {
                    name: "length-of-stay",
                    found: days,
                    most: 7,
                },
                Input {
                    name: "acuity",
                    found: emergent,
                    most: 3,
                },
                Input {
                    name: "comorbidity",
                    found: observed.diagnoses.as_deref().map(comorbid),
                    most: 5,
                },
                Input {
                    name: "emergency-visits",
                    found: visits,
                    most: 4,
                },
            ],
        }
    }

    /// Points of the known inputs: the least the index can be.
    pub fn points(&self) -> u8 {
        self.inputs
            .iter()
            .filter_map(|input| input.found.as_ref())
            .map(|(points, _)| points)
            .sum()
    }

    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        self.inputs
            .iter()
            .filter(|input| input.found.is_none())
            .map(|input| input.name)
    }

    pub fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The level, when the missing inputs cannot change it.
    pub fn level(&self) -> Option<Level> {
        let unknown: u8 = self
            .inputs
            .iter()
            .filter(|input| input.found.is_none())
            .map(|input| input.most)
            .sum();
        let least = level(self.points());
        (least == level(self.points() + unknown)).then_some(least)
    }
}

fn level(points: u8) -> Level {
    match points {
        0..=4 => Level::Low,
        5..=9 => Level::Moderate,
        _ => Level::High,
    }
}

fn length_points(days: u32) -> u8 {
    match days {
        0..=2 => days as u8,
        3 => 3,
        4..=6 => 4,
        7..=13 => 5,
        _ => 7,
    }
}

/// Sums of four and more count five.
fn comorbid(codes: &[String]) -> (u8, String) {
    let groups = comorbidity::groups(codes.iter().map(String::as_str));
    let sum: u8 = groups.iter().map(|group| group.weight).sum();
    let names: Vec<&str> = groups.iter().map(|group| group.name).collect();
    let found = if names.is_empty() {
        "none of the scored conditions".to_owned()
    } else {
        names.join(", ")
    };
    (if sum >= 4 { 5 } else { sum }, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(days: u32, emergent: bool, codes: &[&str], visits: u32) -> Observed {
        Observed {
            days: Some(days),
            emergent: Some(emergent),
            diagnoses: Some(codes.iter().map(|code| (*code).to_owned()).collect()),
            emergency_visits: Some(visits),
        }
    }

    #[test]
    fn the_points_table() {
        let lengths = [0, 1, 2, 3, 4, 6, 7, 13, 14, 400].map(length_points);
        assert_eq!(lengths, [0, 1, 2, 3, 4, 4, 5, 5, 7, 7]);
        let most = Lace::score(&observed(20, true, &["C78.0", "I50.9"], 9));
        assert_eq!((most.points(), most.level()), (19, Some(Level::High)));
        let least = Lace::score(&observed(0, false, &["J06.9"], 0));
        assert_eq!(
            (least.points(), least.level(), least.is_complete()),
            (0, Some(Level::Low), true)
        );
    }

    #[test]
    fn missing_inputs_leave_the_level_open_unless_already_decided() {
        let unknown = Lace::score(&Observed {
            diagnoses: None,
            ..observed(5, false, &[], 1)
        });
        assert_eq!(
            (unknown.level(), unknown.missing().collect::<Vec<_>>()),
            (None, vec!["comorbidity"])
        );
        let high = Lace::score(&Observed {
            diagnoses: None,
            ..observed(14, true, &[], 0)
        });
        assert_eq!(
            (high.points(), high.level(), high.is_complete()),
            (10, Some(Level::High), false)
        );
    }
}
