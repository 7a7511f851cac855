from .design import (
    EstimationWindow as EstimationWindow,
)
from .large.stored import (
    StoredResult as StoredResult,
    open_result as open_result,
)
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
from .study_file import load_study as load_study
from .tables.suggest_donors import (
    suggest_donors as suggest_donors,
)
