"""The ledger: what commentary claimed, each claim with its figure, its rule and its verdict."""
