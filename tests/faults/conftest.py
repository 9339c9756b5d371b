"""The ground of the faults: one on servers of its own, for all of them; what idles costs too."""

from collections.abc import Iterator

import pytest

from tests.faults.ground import SERVERS, Ground, open_ground


@pytest.fixture(scope="package")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_ground(SERVERS, tmp_path_factory.mktemp("ground")) as opened:
        yield opened
