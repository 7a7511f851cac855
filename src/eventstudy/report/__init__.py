"""One folder that answers: results, tables, charts and one self-contained page; and comparing two such folders.

The public names are imported when first used: the pytest plugin of this room is loaded by every pytest run.
"""

import lazy_loader

from eventstudy._lazy import with_old_names

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_OLD = {"safe_name": "document", "check_target": "page.write", "read_manifest": "page.write"}
__getattr__ = with_old_names(__name__, __getattr__, _OLD)
