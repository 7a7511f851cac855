import pytest
from small_report import HOSTILE, make_document


@pytest.fixture
def document():
    return make_document()


@pytest.fixture
def make():
    return make_document


@pytest.fixture
def hostile():
    return dict(HOSTILE)
