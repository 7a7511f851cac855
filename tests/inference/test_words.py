"""Words among the characteristics that explain CARs."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.errors import StudyError
from eventstudy.inference.beyond.cross_sectional_regression import explain

RNG = np.random.default_rng(2)
CAR = RNG.normal(0, 0.02, 60)
WORDS = np.array(["tech", "bank", "oil"] * 20)


@pytest.mark.parametrize("words", [WORDS, WORDS.astype(object), WORDS.tolist()])
def test_words_become_dummies(words):
    found = explain(CAR, {"industry": words})
    x = np.column_stack([np.ones(60), WORDS == "oil", WORDS == "tech"]).astype(float)
    fit = sm.OLS(CAR, x).fit(cov_type="HC3", use_t=True)
    assert found.names == ("const", "industry=oil", "industry=tech")
    assert found.coefficient == pytest.approx(fit.params, rel=1e-10)
    assert found.se == pytest.approx(fit.bse, rel=1e-10)


def test_missing_words_are_left_out_and_text_that_is_numbers_is_numbers():
    words = WORDS.astype(object)
    words[:3] = [None, np.nan, ""]
    assert explain(CAR, {"industry": words}).left_out == 3
    size = RNG.normal(0, 1, 60)
    assert explain(CAR, {"size": size.astype(str)}).coefficient == pytest.approx(
        explain(CAR, {"size": size}).coefficient
    )


@pytest.mark.parametrize("values", [["tech"] * 60, np.array([{}] * 60), WORDS[:59], np.array([["a", "b"]] * 60)])
def test_what_explains_nothing_is_refused_by_its_name(values):
    with pytest.raises(StudyError, match="industry"):
        explain(CAR, {"industry": values})
