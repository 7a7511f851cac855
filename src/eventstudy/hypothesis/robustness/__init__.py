"""Would the answer be another one with other choices, other groups or other securities: robustness."""
