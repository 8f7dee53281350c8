-- The logical schema is the same as migrations/postgres; only storage clauses differ.

-- Words of each resource, behind a letter for their type. They come folded and with blanks between,
-- so the plainest tokenizer will do; the texts themselves are in `resource`.
CREATE VIRTUAL TABLE idx_text USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
