"""Tests inside the day, where volatility follows the clock: they read `WindowSample.clock`."""
