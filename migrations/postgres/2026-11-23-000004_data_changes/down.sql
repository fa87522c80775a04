DROP TABLE replicas;
DROP TABLE data_changes;
