//! What one patch may cost. A copy of a list into itself doubles it, and forty of them end any
//! machine, so what operations put in place is counted before it is there.
use super::IssueCode;
use crate::tree::Node;
use std::cell::Cell;

/// Bytes put in place, or written out for FHIRPath to look at, by all operations of a patch.
const BYTES: usize = 32 << 20;
/// Levels of the result; a resource may have fewer.
const DEPTH: usize = 128;
/// What each node takes beside its text.
const NODE: usize = 16;

pub const DEEP: &str = "the result would be nested deeper than a resource may be";
pub const COSTLY: &str = "the patch takes too much work by here; send fewer or smaller operations";

/// Whether a refusal is about cost.
pub fn code(rule: &str) -> IssueCode {
    if rule == COSTLY {
        IssueCode::TooCostly
    } else {
        IssueCode::Processing
    }
}

/// What is left to spend.
pub struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Budget(Cell::new(BYTES))
    }
}

impl Budget {
    pub fn spend(&self, bytes: usize) -> Result<(), &'static str> {
        self.0.set(self.0.get().checked_sub(bytes).ok_or(COSTLY)?);
        Ok(())
    }

    /// Pays for a value that comes to be `depth` levels below the root.
    pub fn place(&self, value: &Node, depth: usize) -> Result<(), &'static str> {
        if depth > DEPTH {
            return Err(DEEP);
        }
        match value {
            Node::Leaf(text) => self.spend(NODE + text.len()),
            Node::Array(items) => {
                self.spend(NODE)?;
                items.iter().try_for_each(|item| self.place(item, depth + 1))
            }
            Node::Object(members) => {
                self.spend(NODE)?;
                let each = |(name, node): &(String, Node)| {
                    self.spend(name.len())?;
                    self.place(node, depth + 1)
                };
                members.iter().try_for_each(each)
            }
        }
    }
}
