"""A report as a value, and how it is written: one HTML page with its charts and tables, LaTeX, Markdown, a workbook."""
