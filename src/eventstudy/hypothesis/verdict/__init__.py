"""The verdict: findings, falsifiers, tables, charts and words."""
