DROP TABLE reference_held;
DROP TABLE reference_policy;
