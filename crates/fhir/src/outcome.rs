//! OperationOutcome: how everything wrong is told. <https://hl7.org/fhir/R4/operationoutcome.html>
use serde_json::{Value, json};
use std::fmt;

/// <https://hl7.org/fhir/R4/valueset-issue-severity.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Information,
    Warning,
    Error,
    Fatal,
}

impl Severity {
    pub fn code(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }
}

macro_rules! issue_codes {
    ($($name:ident = $code:literal),+ $(,)?) => {
        /// <https://hl7.org/fhir/R4/valueset-issue-type.html>
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum IssueCode { $($name),+ }
        impl IssueCode {
            pub const ALL: &[IssueCode] = &[$(IssueCode::$name),+];

            pub fn code(self) -> &'static str {
                match self { $(IssueCode::$name => $code),+ }
            }
        }
    };
}

issue_codes! {
    Invalid = "invalid", Structure = "structure", Required = "required", Value = "value",
    Invariant = "invariant", Security = "security", Login = "login", Unknown = "unknown",
    Expired = "expired", Forbidden = "forbidden", Suppressed = "suppressed",
    Processing = "processing", NotSupported = "not-supported", Duplicate = "duplicate",
    MultipleMatches = "multiple-matches", NotFound = "not-found", Deleted = "deleted",
    TooLong = "too-long", CodeInvalid = "code-invalid", Extension = "extension",
    TooCostly = "too-costly", BusinessRule = "business-rule", Conflict = "conflict",
    Transient = "transient", LockError = "lock-error", NoStore = "no-store",
    Exception = "exception", Timeout = "timeout", Incomplete = "incomplete",
    Throttled = "throttled", Informational = "informational",
}

/// One finding: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueCode,
    /// A sentence a person can act on. Never contains patient data.
    pub diagnostics: String,
    /// FHIRPath of the element, such as `Patient.name[0].given[1]`.
    pub expression: Option<String>,
}

impl Issue {
    pub fn error(code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue {
            severity: Severity::Error,
            code,
            diagnostics: diagnostics.into(),
            expression: None,
        }
    }

    pub fn warning(code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue {
            severity: Severity::Warning,
            ..Issue::error(code, diagnostics)
        }
    }

    pub fn information(diagnostics: impl Into<String>) -> Self {
        Issue {
            severity: Severity::Information,
            ..Issue::error(IssueCode::Informational, diagnostics)
        }
    }

    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity >= Severity::Error
    }

    fn to_json(&self) -> Value {
        let mut issue = json!({
            "severity": self.severity.code(),
            "code": self.code.code(),
            "diagnostics": self.diagnostics,
        });
        if let Some(expression) = &self.expression {
            issue["expression"] = json!([expression]);
        }
        issue
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expression {
            Some(expression) => write!(f, "{}: {}", expression, self.diagnostics),
            None => f.write_str(&self.diagnostics),
        }
    }
}

/// The OperationOutcome resource for a list of findings.
pub fn operation_outcome(issues: &[Issue]) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": issues.iter().map(Issue::to_json).collect::<Vec<_>>(),
    })
}
