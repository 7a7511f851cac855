"""A result taken apart: by horizon, by group, by event; what is fitted again for it stands above the fit."""
