//! The separators a message declares in MSH-1 and MSH-2.
use crate::{Place, Reject};

/// `|^~\&#` in nearly every message. A separator that MSH-2 leaves out does not exist in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    pub field: char,
    pub component: Option<char>,
    pub repetition: Option<char>,
    pub escape: Option<char>,
    pub subcomponent: Option<char>,
    /// Since v2.7.
    pub truncation: Option<char>,
}

impl Default for Delimiters {
    fn default() -> Self {
        Delimiters {
            field: '|',
            component: Some('^'),
            repetition: Some('~'),
            escape: Some('\\'),
            subcomponent: Some('&'),
            truncation: None,
        }
    }
}

impl Delimiters {
    /// Reads them from text that starts with `MSH`.
    pub fn read(text: &str) -> Result<Delimiters, Reject> {
        let mut rest = text.chars().skip(3);
        let field = rest.next().filter(|c| separates(*c)).ok_or_else(|| {
            Reject::refuse(
                102,
                Place::field("MSH", 1),
                "MSH-1 must be one separator character, such as |",
            )
        })?;
        let mut declared: Vec<char> = rest.take_while(|c| *c != field && !c.is_control()).collect();
        // `^~\\&` is what a program makes of `^~\&` that escaped the backslash once too often.
        declared.dedup();
        let distinct = declared
            .iter()
            .enumerate()
            .all(|(i, c)| !declared[..i].contains(c));
        if declared.is_empty() || declared.len() > 5 || !distinct || !declared.iter().all(|c| separates(*c)) {
            let text = r"MSH-2 must be one to five different separator characters, such as ^~\&";
            return Err(Reject::refuse(102, Place::field("MSH", 2), text));
        }
        let at = |i: usize| declared.get(i).copied();
        Ok(Delimiters {
            field,
            component: at(0),
            repetition: at(1),
            escape: at(2),
            subcomponent: at(3),
            truncation: at(4),
        })
    }

    /// MSH-2 as these separators declare it.
    pub fn encoding_characters(&self) -> String {
        let all = [
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
            self.truncation,
        ];
        all.into_iter().map_while(|c| c).collect()
    }
}

fn separates(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control() && c != '"'
}
