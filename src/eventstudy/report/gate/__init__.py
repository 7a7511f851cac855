"""The gate: a report compared with an accepted one, and what moved."""
