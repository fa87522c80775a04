-- Which database this is, among all that share a Redis: one row. A row that was written elsewhere
-- (another server, timeline or database, or by a transaction that is not the row's) came by a
-- backup; the program then gives the database another id.
CREATE TABLE database_identity (
    id TEXT NOT NULL PRIMARY KEY,
    server TEXT NOT NULL,
    place TEXT NOT NULL,
    written_by BIGINT NOT NULL
);
