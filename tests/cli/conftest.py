"""What tests of commands share."""

from pathlib import Path

import pytest

from funnelkit.api import Project


@pytest.fixture(scope="session")
def company(built_sample: Project) -> Path:
    """The folder of the built sample company. Read only."""
    return built_sample.paths.root
