"""The notebook runs from its first cell to its last one, and draws what it says."""

from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"


def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "expected a notebook without outputs"
    assert KernelSpecManager().get_kernel_spec("python3")
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    drawn = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert len(drawn) == 1 and "林小燕" in drawn[0] and "LOC" in drawn[0]
    assert (tmp_path / "report.html").is_file() and list((tmp_path / "packages").glob("zh_my_ner*.whl"))
