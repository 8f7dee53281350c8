DROP FUNCTION baton_write;
DROP FUNCTION baton_replace;
DROP FUNCTION baton_lock;
DROP FUNCTION baton_current;
DROP FUNCTION baton_unindex;
DROP FUNCTION baton_index;
