-- What a message said is packed as bodies are (crates/store/src/body.rs): a tenth of the text is left.
UPDATE event SET body = CAST(body AS BLOB);
