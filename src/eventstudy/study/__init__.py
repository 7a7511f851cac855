"""The study: where events, returns, the engine and the tests meet. Labels in, labels out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
