"""The example of a service with its tests, as its readers run it."""

from pathlib import Path

from tests.test_pytest_plugin import PLUGIN_ALONE, counted, run_pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "pytest_example"


def test_the_tests_of_the_example_pass(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text((EXAMPLE / "service.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = run_pytest(tmp_path, (EXAMPLE / "test_service.py").read_text(encoding="utf-8"), *PLUGIN_ALONE)
    assert counted(done) == {"passed": 4}, done.stdout
