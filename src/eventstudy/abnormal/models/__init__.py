"""Models of normal returns: what a security would have returned without the event."""
