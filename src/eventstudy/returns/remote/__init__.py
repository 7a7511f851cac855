"""Sources on the network: retries, workers, and what the cache already has."""
