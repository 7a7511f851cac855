"""The record: definitions, market and events as positions, before anything is tested."""
