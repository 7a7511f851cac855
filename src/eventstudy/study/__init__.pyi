from .design import (
    EstimationWindow as EstimationWindow,
)
from .firms.load_earnings import load_earnings as load_earnings
from .firms.matching import (
    match_firms as match_firms,
    reference_portfolios as reference_portfolios,
)
from .large.stored import (
    StoredResult as StoredResult,
    open_result as open_result,
)
from .pairs.firm_file import load_study as load_study
from .pairs.pairs import load_pairs as load_pairs
from .panels import (
    LumpedReturns as LumpedReturns,
    abnormal_volume as abnormal_volume,
    lumped_returns as lumped_returns,
    without_stale as without_stale,
)
from .result import (
    StudyResult as StudyResult,
)
from .study import (
    EventStudy as EventStudy,
)
from .tables.suggest_donors import (
    suggest_donors as suggest_donors,
)
