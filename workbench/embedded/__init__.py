"""The embedded default: PostgreSQL, the broker and the workbench's own processes under one supervisor."""
