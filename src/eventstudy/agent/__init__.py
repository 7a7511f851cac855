"""For programs that act for a person: five calls that give numbers with their provenance, or refuse (`eventstudy mcp`)."""
