"""Media types of uploads and results; apart, since the process that runs jobs starts without networks and Flask."""

from __future__ import annotations

UPLOADS = {"text/csv": ".csv", "application/vnd.apache.parquet": ".parquet", "application/octet-stream": ".csv"}
"""Media type of an upload -> ending of the file that a job reads."""
RESULT_TYPE = "application/vnd.nettide.job-result+json"
