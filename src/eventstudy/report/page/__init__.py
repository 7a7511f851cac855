"""Writing a report: one HTML page, its charts, and the folder around them."""
