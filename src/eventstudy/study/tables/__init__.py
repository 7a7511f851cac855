"""The tables of a result, a module for each kind."""
