"""Abnormal returns: one batched regression for every linear normal-return model, with its exact forecast variance.

Models with an estimator of their own (thin trading, robust, GARCH) run in the same frame. Pure numbers: arrays in,
frozen dataclasses of arrays out. The names are imported when first used (PEP 562).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
