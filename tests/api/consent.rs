//! What consents and security labels let other organisations see, by every way there is to look.
mod denials;
mod exceptions;
mod glass;
mod labels;
mod people;
mod racing;
pub mod town;
mod writing;
