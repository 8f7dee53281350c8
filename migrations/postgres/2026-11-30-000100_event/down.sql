-- Packed bodies cannot be read without Baton: restore a backup instead.
SELECT 1;
