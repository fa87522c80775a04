-- An organization that its file no longer names keeps its times; one that never arrived whole has none.
CREATE TABLE new_file_organizations (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    organization_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    is_named BOOLEAN NOT NULL DEFAULT TRUE,
    arrived_at TIMESTAMP,
    checked_at TIMESTAMP NOT NULL,
    newest_document DATE,
    PRIMARY KEY (department_id, source, path, organization_id)
);
INSERT INTO new_file_organizations
    (department_id, source, path, organization_id, kind, is_named, arrived_at, checked_at, newest_document)
SELECT department_id, source, path, organization_id, kind, TRUE, arrived_at, checked_at, newest_document
FROM file_organizations;
DROP TABLE file_organizations;
ALTER TABLE new_file_organizations RENAME TO file_organizations;
