//! Apps as others write them, with libraries as they are published: the example in a real browser, web apps
//! and services in JavaScript and Python. Whatever does not fit them is ours to mend.
mod accessible;
pub mod browser;
pub mod chromium;
mod example;
mod libraries;
mod sandbox;
mod scriptless;
