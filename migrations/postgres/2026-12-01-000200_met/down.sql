DROP TABLE idx_met;
