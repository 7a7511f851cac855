"""One folder that answers: results, tables, charts and one self-contained page; and comparing two such folders.

The public names are imported when first used: the pytest plugin of this room is loaded by every pytest run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
