-- What a message says is packed from now on, as bodies are (crates/store/src/body.rs): a seventh of the text is left.
UPDATE event SET body = CAST(body AS BLOB);
