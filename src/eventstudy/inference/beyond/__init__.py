"""Around the tests: bands, differences, regressions of CARs, equivalence, power, leakage, multiple testing."""
