//! One scope from its text, and back: words of SMART v1 are understood and shown as v2.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
use super::letters::Letters;
use super::narrowing::Narrowing;
use fhir::TypeId;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Session(Session),
    Data(DataScope),
    /// `admin/Client.cruds`, a word of our own: to keep clients.
    Admin(Office, Letters),
}

const ADMIN: &str = "admin/";

/// What is asked of the launch rather than of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    OpenId,
    FhirUser,
    Launch,
    LaunchPatient,
    LaunchEncounter,
    OfflineAccess,
    OnlineAccess,
}

const SESSION: [(&str, Session); 7] = [
    ("openid", Session::OpenId),
    ("fhirUser", Session::FhirUser),
    ("launch", Session::Launch),
    ("launch/patient", Session::LaunchPatient),
    ("launch/encounter", Session::LaunchEncounter),
    ("offline_access", Session::OfflineAccess),
    ("online_access", Session::OnlineAccess),
];

/// Whose data: one patient's, what the person may see, or all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Patient,
    User,
    System,
}

const CONTEXTS: [(&str, Context); 3] = [
    ("patient", Context::Patient),
    ("user", Context::User),
    ("system", Context::System),
];

/// `patient/Observation.rs?category=laboratory` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataScope {
    pub context: Context,
    /// None is the wildcard `*`.
    pub on: Option<TypeId>,
    pub letters: Letters,
    pub narrowing: Option<Narrowing>,
}

/// What a program may keep at `/admin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    Client,
    Account,
    Sender,
}

const OFFICES: [(&str, Office); 3] = [
    ("Client", Office::Client),
    ("Account", Office::Account),
    ("Sender", Office::Sender),
];

impl Office {
    pub fn name(self) -> &'static str {
        name_of(&OFFICES, self)
    }
}

fn admin(text: &str) -> Result<Scope, &'static str> {
    let (name, letters) = text
        .split_once('.')
        .ok_or("is not of the form admin/Client.cruds")?;
    let office = OFFICES.iter().find(|(office, _)| *office == name);
    let (_, office) = office.ok_or("names none of admin/Client, admin/Account and admin/Sender")?;
    Ok(Scope::Admin(*office, Letters::parse(letters)?))
}

impl Scope {
    /// The error is a sentence that quotes the scope, without what its query asks for.
    pub fn parse(text: &str) -> Result<Scope, String> {
        if let Some((_, session)) = SESSION.iter().find(|(name, _)| *name == text) {
            return Ok(Scope::Session(*session));
        }
        if let Some(rest) = text.strip_prefix(ADMIN) {
            return admin(rest).map_err(|why| format!("scope `{text}` {why}"));
        }
        let shown = text.split('?').next().unwrap_or_default();
        DataScope::parse(text)
            .map(Scope::Data)
            .map_err(|why| format!("scope `{shown}` {why}"))
    }

    /// Whether it needs no person, and none can give it.
    pub fn is_of_system(&self) -> bool {
        match self {
            Scope::Data(scope) => scope.context == Context::System,
            Scope::Admin(..) => true,
            Scope::Session(_) => false,
        }
    }

    pub fn data(&self) -> Option<&DataScope> {
        match self {
            Scope::Data(scope) => Some(scope),
            Scope::Session(_) | Scope::Admin(..) => None,
        }
    }
}

impl DataScope {
    fn parse(text: &str) -> Result<DataScope, String> {
        const FORM: &str = "is not of the form system/Type.cruds";
        let (head, query) = match text.split_once('?') {
            Some((head, query)) => (head, Some(query)),
            None => (text, None),
        };
        let (context, rest) = head.split_once('/').ok_or(FORM)?;
        let context = context_of(context).ok_or("begins with none of patient/, user/ and system/")?;
        let (name, letters) = rest.split_once('.').ok_or(FORM)?;
        let on = match name {
            "*" => None,
            name => Some(TypeId::of(name).ok_or("names no R4 resource type")?),
        };
        Ok(DataScope {
            context,
            on,
            letters: Letters::parse(letters)?,
            narrowing: query.map(|query| Narrowing::parse(on, query)).transpose()?,
        })
    }

    /// Whether it opens a part of a type only.
    pub fn is_limited(&self) -> bool {
        self.context != Context::System || self.narrowing.is_some()
    }

    pub fn is_about(&self, on: TypeId) -> bool {
        self.on.is_none_or(|of| of == on)
    }
}

fn context_of(text: &str) -> Option<Context> {
    let found = CONTEXTS.iter().find(|(name, _)| *name == text);
    found.map(|(_, context)| *context)
}

fn name_of<T: PartialEq + Copy>(names: &[(&'static str, T)], wanted: T) -> &'static str {
    let found = names.iter().find(|(_, of)| *of == wanted);
    found.map_or("", |(name, _)| name)
}

impl fmt::Display for DataScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (context, on) = (
            name_of(&CONTEXTS, self.context),
            self.on.map_or("*", TypeId::name),
        );
        write!(f, "{context}/{on}.{}", self.letters)?;
        let query = self.narrowing.iter();
        query
            .map(|query| &query.text)
            .try_for_each(|text| write!(f, "?{text}"))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Session(session) => f.write_str(name_of(&SESSION, *session)),
            Scope::Data(scope) => scope.fmt(f),
            Scope::Admin(office, letters) => write!(f, "{ADMIN}{}.{letters}", name_of(&OFFICES, *office)),
        }
    }
}
