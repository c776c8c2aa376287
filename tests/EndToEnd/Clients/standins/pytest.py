"""Stands in for pytest: its marks, which the caller here needs none of."""
from types import SimpleNamespace

mark = SimpleNamespace(asyncio=lambda test: test)
