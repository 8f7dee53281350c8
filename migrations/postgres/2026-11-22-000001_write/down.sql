DROP FUNCTION baton_write;
DROP FUNCTION baton_unindex;
DROP FUNCTION baton_index;
