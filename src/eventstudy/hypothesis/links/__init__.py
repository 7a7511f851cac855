"""The three links, each tested by itself, and the chain of them."""
