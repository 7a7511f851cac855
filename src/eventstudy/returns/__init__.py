"""Prices and returns: what the market did, session by session, and how much of it is really there.

Only this room reaches the network. What it hands on are panels: bars down, symbols across, NaN where there is nothing,
and a table beside them that names every hole. Sources are imported when first used (PEP 562).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
