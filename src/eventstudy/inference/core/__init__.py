"""What every test shares: its specification, its result, ranks, and the facts of a sample."""
