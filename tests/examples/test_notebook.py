"""examples/notebook.ipynb, executed by Jupyter's own kernel, which has an event loop that is running."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from mwaa_async.emulator import Emulator
from tests.examples.programs import EXAMPLES

pytestmark = pytest.mark.anyio

NOTEBOOK = EXAMPLES / "notebook.ipynb"


def as_it_is_kept() -> NotebookNode:
    notebook: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


async def executed(directory: Path) -> list[str]:
    """Execute the notebook, and return what its cells show, as text or Markdown."""
    notebook = as_it_is_kept()
    await NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": directory}}).async_execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert all(output.output_type == "execute_result" for output in outputs), outputs
    return [output.data.get("text/markdown", output.data["text/plain"]) for output in outputs]


async def test_it_shows_the_run_of_an_environment(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environ().items():
        monkeypatch.setenv(name, value)
    version, dags, state, tasks = await executed(tmp_path)
    assert (version, state) == ("'2.10.3'", "'success'")
    assert "| etl | False |" in dags
    assert "| extract | success |" in tasks
    assert emulator.max_running("demo") == 1


async def test_without_an_environment_it_starts_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MWAA_ENVIRONMENT")
    assert (await executed(tmp_path))[2] == "'success'"


def test_it_is_kept_without_outputs_and_says_first_what_to_set() -> None:
    notebook = as_it_is_kept()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert "What to set" in notebook.cells[0].source
