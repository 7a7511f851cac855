"""What the tests of whole pages share."""

import pytest

from looks import chromium


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened
