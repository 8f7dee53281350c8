DROP TABLE idx_norm;
DROP TABLE idx_met;
