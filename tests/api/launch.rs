//! People sign in and let apps in: SMART App Launch with a browser of few words.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html>
pub mod app;
pub mod browser;
mod codes;
mod ehr;
mod identity;
mod own;
mod pages;
mod picker;
mod provider;
mod refresh;
mod register;
mod requests;
mod signin;
mod silent;
mod standalone;
