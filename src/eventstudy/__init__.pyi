from . import (
    abnormal as abnormal,
    calendars as calendars,
    calibration as calibration,
    errors as errors,
    events as events,
    hypothesis as hypothesis,
    inference as inference,
    plots as plots,
    report as report,
    returns as returns,
)
from .abnormal import (
    CAPM as CAPM,
    ControlPortfolio as ControlPortfolio,
    Dimson as Dimson,
    DimsonSum as DimsonSum,
    FactorModel as FactorModel,
    GarchMarketModel as GarchMarketModel,
    IntradayModel as IntradayModel,
    LatentFactorModel as LatentFactorModel,
    MarketAdjusted as MarketAdjusted,
    MarketModel as MarketModel,
    MatchedPortfolio as MatchedPortfolio,
    MeanAdjusted as MeanAdjusted,
    RobustMarketModel as RobustMarketModel,
    ScholesWilliams as ScholesWilliams,
    SyntheticControl as SyntheticControl,
    SyntheticDiD as SyntheticDiD,
    TradeToTrade as TradeToTrade,
)
from .errors import (
    EventStudyError as EventStudyError,
    InputError as InputError,
    SourceError as SourceError,
)
from .events import (
    Event as Event,
    EventCatalog as EventCatalog,
    load_episodes as load_episodes,
    load_events as load_events,
    load_macro_calendar as load_macro_calendar,
)
from .hypothesis import (
    SelloffForcesSoftening as SelloffForcesSoftening,
    Verdict as Verdict,
)
from .inference import (
    TestResult as TestResult,
)
from .report import (
    compare as compare,
    run_study as run_study,
)
from .returns import (
    FredSource as FredSource,
    FrenchSource as FrenchSource,
    PricePanel as PricePanel,
    PriceSource as PriceSource,
    ReturnPanel as ReturnPanel,
    StooqSource as StooqSource,
    YahooSource as YahooSource,
    adjust_prices as adjust_prices,
    freeze as freeze,
    load_crsp as load_crsp,
    load_prices as load_prices,
    load_returns as load_returns,
    scan_returns as scan_returns,
)
from .study import (
    EstimationWindow as EstimationWindow,
    EventStudy as EventStudy,
    StudyResult as StudyResult,
    load_earnings as load_earnings,
    load_pairs as load_pairs,
    load_study as load_study,
    lumped_returns as lumped_returns,
    match_firms as match_firms,
    open_result as open_result,
    reference_portfolios as reference_portfolios,
    suggest_donors as suggest_donors,
)
from .study.pairs.one_call import study as study

__version__: str
