-- What the dashboard reads. The publisher replaces all rows in one transaction, so a reader sees a whole or the former.
CREATE SCHEMA IF NOT EXISTS grafana;

CREATE TABLE IF NOT EXISTS grafana.points (
    series text NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    value double precision,
    expected double precision,
    low double precision,
    high double precision,
    anomaly boolean NOT NULL,
    PRIMARY KEY (series, time)
);

CREATE TABLE IF NOT EXISTS grafana.forecast (
    series text NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    expected double precision,
    low double precision,
    high double precision,
    made timestamptz NOT NULL,
    PRIMARY KEY (series, time)
);

CREATE TABLE IF NOT EXISTS grafana.incidents (
    series text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    started timestamptz NOT NULL,
    ended timestamptz NOT NULL,
    text text NOT NULL
);
