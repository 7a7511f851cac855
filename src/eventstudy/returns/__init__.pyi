from .adjust import (
    adjust_prices as adjust_prices,
)
from .cache_commands import (
    cache_clear as cache_clear,
    cache_entries as cache_entries,
    cache_verify as cache_verify,
    fetch as fetch,
)
from .crsp.crsp import (
    CrspPanel as CrspPanel,
    load_crsp as load_crsp,
)
from .load import (
    load_prices as load_prices,
    load_returns as load_returns,
)
from .panel import (
    PricePanel as PricePanel,
    ReturnPanel as ReturnPanel,
)
from .policies import (
    apply_delisting as apply_delisting,
    convert_currency as convert_currency,
    rate_symbols as rate_symbols,
)
from .protocol import (
    PriceSource as PriceSource,
)
from .quality.plausible import (
    DataWarning as DataWarning,
)
from .quality.possible import LEVEL_SYMBOLS as LEVEL_SYMBOLS
from .scan.scanned import (
    ScannedPanel as ScannedPanel,
    scan_returns as scan_returns,
)
from .sources.files import (
    FileSource as FileSource,
)
from .sources.fred_stooq import (
    FredSource as FredSource,
    StooqSource as StooqSource,
)
from .sources.french import (
    FrenchSource as FrenchSource,
)
from .sources.frozen import (
    freeze as freeze,
)
from .sources.registry import (
    source_names as source_names,
)
from .sources.yahoo import (
    YahooSource as YahooSource,
)
