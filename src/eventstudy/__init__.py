"""Market-reaction event studies: events, returns, abnormal returns, inference, and one hypothesis tested.

The rooms and the public names are imported when first used, so that ``import eventstudy`` costs next to nothing; the
names stand in ``__init__.pyi``, which type checkers read too.
"""

import lazy_loader

from eventstudy._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
