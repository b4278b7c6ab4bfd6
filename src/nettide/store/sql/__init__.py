"""What a service must not forget: keys, jobs, results and served models in SQLite or PostgreSQL."""
