DROP TABLE lease;
DROP TABLE search_generation;
DROP TABLE search_param;
