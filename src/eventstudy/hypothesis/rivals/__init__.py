"""Rival explanations of what the second link shows, each tested."""
