from .engine.engine import (
    estimate as estimate,
)
from .engine.result import (
    AbnormalReturns as AbnormalReturns,
)
from .exclusion import (
    Exclusion as Exclusion,
)
from .models.control_portfolios import (
    ControlPortfolio as ControlPortfolio,
    MatchedPortfolio as MatchedPortfolio,
)
from .models.garch import (
    GarchMarketModel as GarchMarketModel,
)
from .models.intraday import (
    IntradayModel as IntradayModel,
)
from .models.latent_factors import (
    LatentFactorModel as LatentFactorModel,
)
from .models.linear import (
    CAPM as CAPM,
    FactorModel as FactorModel,
    MarketAdjusted as MarketAdjusted,
    MarketModel as MarketModel,
    MeanAdjusted as MeanAdjusted,
)
from .models.lumped import (
    TradeToTrade as TradeToTrade,
)
from .models.protocol import (
    Model as Model,
    OwnFit as OwnFit,
    OwnModel as OwnModel,
    Windows as Windows,
)
from .models.robust import (
    RobustMarketModel as RobustMarketModel,
)
from .models.synthetic_control import (
    SyntheticControl as SyntheticControl,
    SyntheticDiD as SyntheticDiD,
)
from .models.thin_trading import (
    Dimson as Dimson,
    DimsonSum as DimsonSum,
    ScholesWilliams as ScholesWilliams,
)
from .window_sample import (
    EstimationRecord as EstimationRecord,
    WindowSample as WindowSample,
)
