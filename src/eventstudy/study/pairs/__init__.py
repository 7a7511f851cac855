"""A table of firms and dates: read, its columns found, its dates and timing turned into moments; and the study in one call."""
