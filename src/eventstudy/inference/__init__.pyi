from .beyond.equivalence import (
    equivalence as equivalence,
)
from .beyond.multiple_testing import (
    adjust_pvalues as adjust_pvalues,
)
from .beyond.power import (
    events_needed as events_needed,
    minimum_detectable as minimum_detectable,
    power as power,
)
from .core.result import (
    Recommendation as Recommendation,
    TestResult as TestResult,
)
from .core.sample_of import (
    sample_of as sample_of,
)
from .core.spec import (
    TestSpec as TestSpec,
)
from .core.statistic import (
    Statistic as Statistic,
    from_t as from_t,
)
from .registry import (
    DAILY as DAILY,
    TESTS as TESTS,
    recommend as recommend,
    run as run,
    run_all as run_all,
)
from .to_report import (
    reported as reported,
)
