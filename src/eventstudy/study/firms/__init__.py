"""Firms in depth: what each is likely to have done, how long it lasts, firms like it, and its earnings."""
