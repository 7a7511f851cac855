"""Charts of bars within days: a moment and its placebo band, a contact sheet of moments, volatility by the clock."""
