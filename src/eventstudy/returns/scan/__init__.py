"""Panels that stay on disk: what is in their files is looked at once, and columns are read when they are needed."""
