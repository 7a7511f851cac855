"""The engine: a model and windows in, abnormal returns with their exact variance out, in batches."""
