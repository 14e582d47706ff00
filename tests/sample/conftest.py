import pytest

from funnelkit.sample import write_seeds
from tests.sample.reader import Company, read_company


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("seeds")
    write_seeds(folder)
    return read_company(folder)
