-- The logical schema is the same as migrations/sqlite; only storage clauses differ.

-- Words of each resource, behind a letter for their type. They come folded and with blanks between.
CREATE TABLE idx_text (
    rowid BIGINT NOT NULL PRIMARY KEY, words TEXT COLLATE "C" NOT NULL
);
CREATE INDEX idx_text_words ON idx_text USING GIN (array_to_tsvector(string_to_array(words, ' ')));
