"""Normal returns inside the day: level of the day x pattern of the clock, arrays only."""
