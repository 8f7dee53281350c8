-- What a message said is packed as bodies are (crates/store/src/body.rs): a tenth of the text is left, which
-- PostgreSQL need not compress itself.
ALTER TABLE event ALTER COLUMN body TYPE BYTEA USING convert_to(body, 'UTF8');
ALTER TABLE event ALTER COLUMN body SET STORAGE EXTERNAL;
