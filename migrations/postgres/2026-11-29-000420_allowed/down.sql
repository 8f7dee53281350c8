DROP TABLE allowed;
