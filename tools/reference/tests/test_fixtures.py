"""The scripts that make the Java tests' fixtures can at least be imported."""

import runpy

import pytest
from goldens import REPOSITORY

SCRIPTS = sorted((REPOSITORY / "tools" / "reference" / "fixtures").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_script_imports(script, monkeypatch):
    # As Python does for a script: one finds the other.
    monkeypatch.syspath_prepend(str(script.parent))
    runpy.run_path(str(script), run_name="fixture")
