"""Reading tables of others: which column is what, dates, cells, and whole text files."""
