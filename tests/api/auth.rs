//! The authorization server and what its tokens open. Issue's section "Tokens";
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html>
mod assertions;
mod doors;
mod explaining;
mod forgeries;
mod includes;
mod issuers;
mod keyservers;
mod letters;
pub mod lifetimes;
pub mod partner;
mod rotation;
mod secrets;
