CREATE TABLE old_file_organizations (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    organization_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    arrived_at TIMESTAMP NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    newest_document DATE,
    PRIMARY KEY (department_id, source, path, organization_id)
);
INSERT INTO old_file_organizations
    (department_id, source, path, organization_id, kind, arrived_at, checked_at, newest_document)
SELECT department_id, source, path, organization_id, kind, arrived_at, checked_at, newest_document
FROM file_organizations WHERE is_named AND arrived_at IS NOT NULL;
DROP TABLE file_organizations;
ALTER TABLE old_file_organizations RENAME TO file_organizations;
