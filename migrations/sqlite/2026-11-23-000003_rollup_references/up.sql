-- PostgreSQL alone drops a reference here; SQLite's check of it costs next to nothing.
SELECT 1;
