//! HL7 v2 messages as a hospital sends them, with instants relative to now, so that the thirty
//! days of a transition are always open.
use chrono::{DateTime, Duration, Utc};
use chrono_tz::America::New_York;
use std::sync::atomic::{AtomicU32, Ordering};

pub const APPLICATION: &str = "ADT1";
pub const FACILITY: &str = "GENERAL";

static CONTROL: AtomicU32 = AtomicU32::new(1);

/// One message to be; `text()` writes it.
#[derive(Clone)]
pub struct Adt {
    pub event: &'static str,
    pub control: String,
    pub application: String,
    pub facility: String,
    pub patient: String,
    pub visit: Option<String>,
    pub class: &'static str,
    pub admission_type: &'static str,
    pub disposition: &'static str,
    pub location: &'static str,
    pub admitted: Option<DateTime<Utc>>,
    pub discharged: Option<DateTime<Utc>>,
    /// EVN-2 and, where not set otherwise, EVN-6.
    pub occurred: DateTime<Utc>,
    /// EVN-2 where the event was entered later than it happened.
    pub recorded: Option<DateTime<Utc>>,
    pub died: Option<DateTime<Utc>>,
    /// MRG-1 of an A40.
    pub merged: Option<String>,
    pub processing: &'static str,
    pub diagnoses: Vec<&'static str>,
    /// Whole segments to append.
    pub extra: Vec<String>,
}

/// Clock time of tests; fixed for the process so that a stream is the same however often written.
pub fn now() -> DateTime<Utc> {
    static NOW: std::sync::OnceLock<DateTime<Utc>> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods)]
    *NOW.get_or_init(|| {
        let now = Utc::now();
        now - Duration::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
    })
}

pub fn days_ago(days: i64) -> DateTime<Utc> {
    now() - Duration::days(days)
}

/// HL7 v2 local time of the sender's zone, without an offset.
pub fn dtm(instant: DateTime<Utc>) -> String {
    instant
        .with_timezone(&New_York)
        .format("%Y%m%d%H%M%S")
        .to_string()
}

/// A patient and visit no other scene uses.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{}", CONTROL.fetch_add(1, Ordering::Relaxed))
}

impl Adt {
    /// An inpatient stay admitted five days ago through the emergency department.
    pub fn new(event: &'static str, patient: &str, visit: &str) -> Adt {
        Adt {
            event,
            control: unique("MSG"),
            application: APPLICATION.into(),
            facility: FACILITY.into(),
            patient: patient.into(),
            visit: Some(visit.into()),
            class: "I",
            admission_type: "E",
            disposition: "",
            location: "4WEST^401^A",
            admitted: Some(days_ago(5)),
            discharged: None,
            occurred: days_ago(5),
            recorded: None,
            died: None,
            merged: None,
            processing: "P",
            diagnoses: vec!["I50.9"],
            extra: Vec::new(),
        }
    }

    pub fn at(mut self, occurred: DateTime<Utc>) -> Adt {
        self.occurred = occurred;
        self
    }

    /// A03 details: discharged at that instant with that PV1-36.
    pub fn discharged(mut self, at: DateTime<Utc>, disposition: &'static str) -> Adt {
        self.discharged = Some(at);
        self.disposition = disposition;
        self.at(at)
    }

    pub fn text(&self) -> String {
        let mut segments = vec![self.msh(), self.evn(), self.pid()];
        if let Some(loser) = &self.merged {
            segments.push(format!("MRG|{loser}^^^GENERAL^MR"));
        }
        if let Some(visit) = &self.visit {
            segments.push(self.pv1(visit));
        }
        for (n, code) in self.diagnoses.iter().enumerate() {
            segments.push(format!("DG1|{}||{code}^Diagnosis^I10|||F", n + 1));
        }
        segments.extend(self.extra.iter().cloned());
        segments.join("\r") + "\r"
    }

    fn msh(&self) -> String {
        format!(
            "MSH|^~\\&|{}|{}|BATON|BATON|{}||ADT^{}|{}|{}|2.5.1",
            self.application,
            self.facility,
            dtm(self.occurred),
            self.event,
            self.control,
            self.processing
        )
    }

    fn evn(&self) -> String {
        format!(
            "EVN|{}|{}||||{}",
            self.event,
            dtm(self.recorded.unwrap_or(self.occurred)),
            dtm(self.occurred)
        )
    }

    fn pid(&self) -> String {
        let mut fields = vec![String::new(); 31];
        fields[0] = "PID".into();
        fields[1] = "1".into();
        fields[3] = format!("{}^^^GENERAL^MR", self.patient);
        fields[5] = "Sample^Robin^Q".into();
        fields[7] = "19500214".into();
        fields[8] = "F".into();
        fields[11] = "1 Main St^^Springfield^IL^62701".into();
        fields[13] = "(217)555-0100".into();
        if let Some(died) = self.died {
            fields[29] = dtm(died);
            fields[30] = "Y".into();
        }
        fields.join("|").trim_end_matches('|').to_string()
    }

    fn pv1(&self, visit: &str) -> String {
        let mut fields = vec![String::new(); 46];
        fields[0] = "PV1".into();
        fields[1] = "1".into();
        fields[2] = self.class.into();
        fields[3] = self.location.into();
        fields[4] = self.admission_type.into();
        fields[7] = "1234567893^Attend^Alex^^^^MD^^NPI".into();
        fields[19] = visit.into();
        fields[36] = self.disposition.into();
        fields[44] = self.admitted.map(dtm).unwrap_or_default();
        fields[45] = self.discharged.map(dtm).unwrap_or_default();
        fields.join("|").trim_end_matches('|').to_string()
    }
}
