"""What a result writes and shows: pages, tables for a paper, marks and reprs."""
