"""From labels to positions: a study's events and returns for the engine."""
