"""Execute every notebook, top to bottom, and hold each `.ipynb` equal to its text pair.

The text (`NN_name.py`, cells marked by `# %%`) is what is reviewed; the `.ipynb` beside it is the same cells without outputs,
for those who open notebooks in Jupyter. Executed copies go to `notebooks/.executed/`, which is not committed.

    python notebooks/execute.py            execute all; fail on any error, or where a pair differs
    python notebooks/execute.py --pair     write each .ipynb anew from its text
"""

import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
EXECUTED = HERE / ".executed"
SECONDS_PER_CELL = 300


def stripped(text: Path) -> nbformat.NotebookNode:
    notebook = jupytext.read(text)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"  # jupytext draws ids at random
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


PLOTS = re.compile(r"\bplots?\.\w+\(")


def without_picture(notebook: nbformat.NotebookNode) -> list[str]:
    """Give the plotting cells that show no picture: a chart is there to be seen, without any magic."""
    return [
        cell.source.splitlines()[-1]
        for cell in notebook.cells
        if cell.cell_type == "code"
        and PLOTS.search(cell.source)
        and not any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]


def main() -> int:
    pair = "--pair" in sys.argv
    failures = 0
    EXECUTED.mkdir(exist_ok=True)
    for text in sorted(HERE.glob("[0-9][0-9]_*.py")):
        notebook = stripped(text)
        paired = text.with_suffix(".ipynb")
        if pair:
            nbformat.write(notebook, paired)
            continue
        if not paired.exists() or nbformat.read(paired, as_version=4).cells != notebook.cells:
            print(f"{paired.name} is not the pair of {text.name}: run `python notebooks/execute.py --pair`")
            failures += 1
        try:
            where = {"metadata": {"path": str(HERE)}}
            NotebookClient(notebook, timeout=SECONDS_PER_CELL, resources=where).execute()
        except Exception as error:
            print(f"{text.name}: {error}")
            failures += 1
        else:
            print(f"{text.name}: executed")
            for line in without_picture(notebook):
                print(f"{text.name}: no picture of {line}")
                failures += 1
        nbformat.write(notebook, EXECUTED / paired.name)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
