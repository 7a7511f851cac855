"""Studies larger than memory: planned in shares of whole securities, written part by part, read again part by part."""
