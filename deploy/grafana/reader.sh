#!/bin/sh
# The role that Grafana reads with: it sees the dashboard's tables and nothing of the service's.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$GRAFANA_READER_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE grafana_reader LOGIN PASSWORD :'password' CONNECTION LIMIT 20;
ALTER ROLE grafana_reader SET default_transaction_read_only = on;
ALTER ROLE grafana_reader SET statement_timeout = '10s';
GRANT USAGE ON SCHEMA grafana TO grafana_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO grafana_reader;
SQL
