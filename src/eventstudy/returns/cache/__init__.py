"""The cache on disk, and its locks."""
