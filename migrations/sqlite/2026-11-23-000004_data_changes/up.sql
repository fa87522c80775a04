-- What each commit changed (JSON), written in its own transaction: a cached figure is valid as
-- long as no later change concerns it. Kept for as long as cached figures may live.
CREATE TABLE data_changes (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    generation BIGINT NOT NULL,
    previous BIGINT NOT NULL,
    changed TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, generation)
);

-- The processes that answer, and when each was last seen: an import that has ended waits for
-- others to learn of it before it says so.
CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    seen_at TIMESTAMP NOT NULL
);
