"""CRSP's own files: daily stock file, delistings, names, and the links to Compustat."""
