"""The significance tests, a module for each family."""
