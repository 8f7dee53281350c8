//! How each kind of event is told in FHIR: a row per action.
//! <https://profiles.ihe.net/ITI/BALP/1.1.4/content.html> <https://hl7.org/fhir/R4/valueset-audit-event-type.html>

pub struct Kind {
    /// As recorded.
    pub action: &'static str,
    /// `AuditEvent.type`: system and code with its display.
    pub event: Coding,
    pub subtype: Option<Coding>,
    /// `AuditEvent.action`
    pub letter: &'static str,
    /// Roles of the client, the server and the person, by the way the data go.
    pub roles: [Coding; 3],
    /// The pattern of BALP, where there is one, after `IHE.BasicAudit.` and `Patient`.
    pub profile: Option<&'static str>,
}

/// System, code, display.
pub type Coding = (&'static str, &'static str, &'static str);

pub const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

const REST: Coding = (TYPE, "rest", "RESTful Operation");
const SOURCE: Coding = (DICOM, "110153", "Source Role ID");
const DESTINATION: Coding = (DICOM, "110152", "Destination Role ID");
const APPLICATION: Coding = (DICOM, "110150", "Application");
const CUSTODIAN: Coding = (PARTICIPATION, "CST", "custodian");
const RECIPIENT: Coding = (PARTICIPATION, "IRCP", "information recipient");
const AUTHOR: Coding = (PARTICIPATION, "AUT", "author (originator)");

const READING: [Coding; 3] = [DESTINATION, SOURCE, RECIPIENT];
const QUERYING: [Coding; 3] = [SOURCE, DESTINATION, RECIPIENT];
const WRITING: [Coding; 3] = [SOURCE, DESTINATION, AUTHOR];
const DELETING: [Coding; 3] = [APPLICATION, CUSTODIAN, AUTHOR];

const fn rest(
    action: &'static str,
    letter: &'static str,
    roles: [Coding; 3],
    profile: Option<&'static str>,
) -> Kind {
    Kind {
        action,
        event: REST,
        subtype: Some((INTERACTION, action, action)),
        letter,
        roles,
        profile,
    }
}

const fn security(action: &'static str, event: Coding, subtype: Option<Coding>) -> Kind {
    Kind {
        action,
        event,
        subtype,
        letter: "E",
        roles: WRITING,
        profile: None,
    }
}

const LOGIN: Coding = (DICOM, "110114", "User Authentication");
const SECURITY: Coding = (DICOM, "110113", "Security Alert");

/// The last one stands for what a later release may record.
pub static KINDS: [Kind; 27] = [
    rest("read", "R", READING, Some("Read")),
    rest("vread", "R", READING, Some("Read")),
    rest("create", "C", WRITING, Some("Create")),
    rest("update", "U", WRITING, Some("Update")),
    rest("patch", "U", WRITING, Some("Update")),
    rest("delete", "D", DELETING, Some("Delete")),
    rest("search-type", "E", QUERYING, Some("Query")),
    rest("search-system", "E", QUERYING, Some("Query")),
    rest("history-instance", "R", QUERYING, None),
    rest("history-type", "E", QUERYING, None),
    rest("history-system", "E", QUERYING, None),
    rest("batch", "E", WRITING, None),
    rest("transaction", "E", WRITING, None),
    rest("operation", "E", WRITING, None),
    security("token", LOGIN, Some((DICOM, "110122", "Login"))),
    security("login", LOGIN, Some((DICOM, "110122", "Login"))),
    security("logout", LOGIN, Some((DICOM, "110123", "Logout"))),
    security(
        "register",
        SECURITY,
        Some((DICOM, "110137", "User Security Attributes Changed")),
    ),
    security(
        "account",
        SECURITY,
        Some((DICOM, "110137", "User Security Attributes Changed")),
    ),
    security(
        "withdraw",
        SECURITY,
        Some((DICOM, "110137", "User Security Attributes Changed")),
    ),
    security(
        "client",
        SECURITY,
        Some((DICOM, "110137", "User Security Attributes Changed")),
    ),
    security(
        "sender",
        SECURITY,
        Some((DICOM, "110133", "Network Configuration")),
    ),
    security(
        "keys",
        SECURITY,
        Some((DICOM, "110132", "Use of Restricted Function")),
    ),
    security("retention", (DICOM, "110101", "Audit Log Used"), None),
    security("message", (DICOM, "110107", "Import"), None),
    security("export", (DICOM, "110106", "Export"), None),
    rest("other", "E", WRITING, None),
];

impl Kind {
    pub fn of(action: &str) -> &'static Kind {
        let named = KINDS.iter().find(|kind| kind.action == action);
        named.unwrap_or(&KINDS[KINDS.len() - 1])
    }
}
