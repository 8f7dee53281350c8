-- What a message says is packed from now on, as bodies are (crates/store/src/body.rs): a seventh of the text is
-- left, which PostgreSQL need not compress itself.
ALTER TABLE event ALTER COLUMN body TYPE BYTEA USING convert_to(body, 'UTF8');
ALTER TABLE event ALTER COLUMN body SET STORAGE EXTERNAL;
