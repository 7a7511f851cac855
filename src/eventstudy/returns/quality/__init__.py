"""What is really there: holes, suspicious bars, and values that cannot be."""
