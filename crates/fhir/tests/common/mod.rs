//! Where the official test corpora are, when they are.
use std::path::PathBuf;

/// The corpus folder, or None with a line saying that the test was skipped.
pub fn corpus(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BATON_CORPUS")
        .map(PathBuf::from)
        .or_else(default_root);
    let found = root.map(|root| root.join(part)).filter(|dir| dir.exists());
    if found.is_none() {
        eprintln!("skipped: no corpus");
    }
    found
}

fn default_root() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("baton-corpus"))
}
