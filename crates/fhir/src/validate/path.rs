//! The way from the resource to the element at hand, written out only for a finding.
use std::fmt::Write;

/// Names and places, the outermost first.
pub(super) struct Path<'a> {
    root: &'a str,
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Name(&'a str),
    Place(usize),
}

impl<'a> Path<'a> {
    pub(super) fn new(root: &'a str) -> Path<'a> {
        Path {
            root,
            steps: Vec::with_capacity(16),
        }
    }

    pub(super) fn push(&mut self, step: Step<'a>) {
        self.steps.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.steps.pop();
    }

    /// Where in its array the element is.
    pub(super) fn place(&self) -> Option<usize> {
        match self.steps.last() {
            Some(Step::Place(place)) => Some(*place),
            _ => None,
        }
    }

    /// FHIRPath of the element, or of one of its members.
    pub(super) fn expression(&self, member: Option<&str>) -> String {
        let mut out = self.root.to_owned();
        for step in &self.steps {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Name(name) => write!(out, ".{name}"),
                Step::Place(place) => write!(out, "[{place}]"),
            };
        }
        match member {
            Some(member) => out + "." + member,
            None => out,
        }
    }
}
