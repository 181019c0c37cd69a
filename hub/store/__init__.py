"""What the hub holds: tables in SQLite or PostgreSQL, and the log of all steps."""
