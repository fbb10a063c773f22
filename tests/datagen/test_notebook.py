from pathlib import Path

import pytest

from tests.datagen.written import medical

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "department_balance.ipynb"


@pytest.fixture(scope="module")
def notebook():
    nbformat = pytest.importorskip("nbformat")
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_stored_without_outputs(notebook):
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get("execution_count")


def test_the_notebook_runs_from_top_to_bottom(notebook, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    medical(tmp_path / "run", balanced=True)
    monkeypatch.setenv("DATAGEN_RUN", str(tmp_path / "run"))
    done = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    shown = next(output for output in code[0].outputs if output.output_type == "execute_result")["data"]
    assert (
        all(name in shown["text/html"] for name in ("Cardiology", "心血管内科")) and "<script" not in shown["text/html"]
    )
    assert "Records" in shown["text/plain"]
    for cell in code[1:]:
        assert cell.outputs, cell.source
        assert cell.outputs[-1].output_type == "execute_result"
    assert "department ANES" in code[5].outputs[-1]["data"]["text/plain"]
    assert (tmp_path / "department_balance.html").stat().st_size > 10_000
