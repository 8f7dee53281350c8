//! ADT messages, written as a hospital writes them.

/// One message; what a scene does not set is the usual case.
#[derive(Clone, Debug)]
pub struct Adt {
    pub event: &'static str,
    pub control: String,
    pub facility: &'static str,
    /// Local time, as `0302080000` after the year.
    pub at: String,
    pub patient: &'static str,
    pub more_identifiers: &'static str,
    pub visit: &'static str,
    pub class: &'static str,
    pub disposition: &'static str,
    pub family: &'static str,
    pub death: &'static str,
    pub tail: String,
}

/// An event of patient 100, visit V1, at that day and hour of March 2026.
pub fn adt(event: &'static str, day: u32, hour: u32) -> Adt {
    Adt {
        event,
        control: format!("{event}-{day}-{hour}"),
        facility: "NORTH",
        at: format!("202603{day:02}{hour:02}0000"),
        patient: "100",
        more_identifiers: "",
        visit: "V1",
        class: "I",
        disposition: "",
        family: "Quintero",
        death: "",
        tail: String::new(),
    }
}

impl Adt {
    pub fn with(mut self, change: impl FnOnce(&mut Adt)) -> Adt {
        change(&mut self);
        self
    }

    pub fn text(&self) -> String {
        let Adt {
            event,
            control,
            facility,
            at,
            patient,
            more_identifiers,
            visit,
            class,
            disposition,
            ..
        } = self;
        let family = self.family;
        let death = if self.death.is_empty() {
            String::new()
        } else {
            format!("{at}|{}", self.death)
        };
        let numbers = format!("{patient}^^^MRN&1.9.1&ISO^MR{more_identifiers}");
        let mut lines = vec![
            format!("MSH|^~\\&|ADT|{facility}|BATON|CARE|{at}||ADT^{event}|{control}|P|2.5.1"),
            format!("EVN||{at}||||{at}"),
            format!("PID|1||{numbers}||{family}^Marisol||19481130|F|||||||||||||||||||||{death}"),
        ];
        if *event != "A40" {
            let number = if visit.is_empty() {
                String::new()
            } else {
                format!("{visit}^^^VN&1.9.2&ISO")
            };
            let (start, end) = match *event {
                "A03" => ("", at.as_str()),
                "A01" | "A04" => (at.as_str(), ""),
                _ => ("", ""),
            };
            lines.push(format!(
                "PV1|1|{class}|4W^412^B|E|||8812^Patel^Anika||||||||||||{number}{}{disposition}{}{start}|{end}",
                "|".repeat(17),
                "|".repeat(8),
            ));
        }
        if !self.tail.is_empty() {
            lines.push(self.tail.clone());
        }
        lines.join("\r")
    }
}

/// A40: `loser` goes into patient 100.
pub fn merge(loser: &str, day: u32) -> Adt {
    adt("A40", day, 12).with(|it| it.tail = format!("MRG|{loser}^^^MRN&1.9.1&ISO^MR"))
}

pub fn discharge(day: u32, disposition: &'static str) -> Adt {
    adt("A03", day, 15).with(|it| it.disposition = disposition)
}
