"""How slow tests are spread over processes: file by file, since their fixtures are costly; those with Ray first and one
after another, or they would only slow each other down.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)  # before the groups are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("ray") is None)
    for item in items:
        group = "ray" if item.get_closest_marker("ray") else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))
