"""Write the pages of the site that are made from the package: tests, models, reference, recipes, catalogues, gallery."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from extend import write_extend
from gallery import write_gallery
from moulds import write_moulds
from paper import write_paper
from pictures import write_pictures
from reference import write_reference

import eventstudy as es

HERE = Path(__file__).parent
MADE: Final = HERE.parent / "generated"
CATALOGUES: Final = ("us-china", "fomc")
#: Which tutorial for which study.
TUTORIALS: Final = {
    "earnings: a list of tickers and dates": "[Firms](07_firms.ipynb)",
    "earnings: surprises, drift, who reacts": "[An earnings season](08_an_earnings_season_and_a_rule.ipynb)",
    "a merger: target, acquirer, run-up": "[A merger](../../learn/merger.md)",
    "one macro date and many shares": "[One macro date](../../learn/macro_date.md)",
    "an index and its news": "[A first study](01_first_study.ipynb), [the flagship](02_the_flagship.ipynb)",
    "bars within the day": "[Inside the day](06_inside_the_day.ipynb)",
    "a long horizon": "[An earnings season](08_an_earnings_season_and_a_rule.ipynb), its last part",
    "one firm and a lawsuit, a policy day": "[What would have happened](09_what_would_have_happened.ipynb)",
    "your own catalogue and prices": "[Your own events](03_your_own_events_and_data.ipynb)",
    "which test": "[Choosing a test](04_choosing_a_test.ipynb)",
    "a thousand events and more": "[A thousand events](05_a_thousand_events.ipynb)",
}


def build(into: Path = MADE) -> None:
    """Write all made pages anew."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    write_moulds(into)
    write_reference(into)
    write_gallery(into)
    write_recipes(into)
    write_catalogues(into)
    write_pictures(into)
    write_paper(into)
    write_extend(into)
    write_notebooks(into)


def write_notebooks(into: Path) -> None:
    """Copy the notebooks, which are run while the site is built, and list them."""
    folder = into / "notebooks"
    folder.mkdir()
    names = []
    for path in sorted((HERE.parents[1] / "notebooks").glob("*.ipynb")):
        shutil.copyfile(path, folder / path.name)
        names.append(path.stem)
    table = "\n".join(
        ["| your study | tutorial |", "|---|---|", *(f"| {study} | {where} |" for study, where in TUTORIALS.items())]
    )
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names, "../../learn/merger", "../../learn/macro_date", "```"])
    (folder / "index.md").write_text(
        f"# Tutorials\n\nAll are run while this site is built.\n\n{table}\n\n{tree}\n", "utf-8"
    )


def write_recipes(into: Path) -> None:
    """Write each section of docs/howto.md as a page of its own: one screen, one question."""
    folder = into / "howto"
    folder.mkdir()
    parts = re.split(r"^## ", (HERE.parent / "howto.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    names = []
    for part in parts:
        title, _, body = part.partition("\n")
        names.append(re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-"))
        body = re.sub(r"\]\((?!https?:|#)([a-z0-9_.-]+\.md)", r"](../../\1", body)
        (folder / f"{names[-1]}.md").write_text(f"# {title}\n{body}", "utf-8")
    tree = "\n".join(["```{toctree}", *names, "```"])
    text = "# How to\n\nShort recipes, one question each. The names of one recipe are used in those that follow it.\n\n"
    (folder / "index.md").write_text(f"{text}{tree}\n", "utf-8")


def write_catalogues(into: Path) -> None:
    """Write the bundled catalogues as tables, each event with its sources."""
    folder = into / "catalogues"
    folder.mkdir()
    for name in CATALOGUES:
        catalogue = es.load_events(name)
        rows = [
            f"| {event.announced_at.tz_convert(catalogue.timezone):%Y-%m-%d %H:%M} | {_cell(event.name)} | {event.stance} | {_source(event)} |"
            for event in catalogue
        ]
        head = f'# Catalogue `{name}`\n\n{len(rows)} events. `es.load_events("{name}")`; moments in the time of {catalogue.timezone}.\n\n'
        table = "\n".join(["| announced | event | stance | source |", "|---|---|---|---|", *rows])
        (folder / f"{name}.md").write_text(f"{head}{table}\n", "utf-8")
    tree = "\n".join(["```{toctree}", *CATALOGUES, "```"])
    (folder / "index.md").write_text(f"# Catalogues\n\n{tree}\n", "utf-8")


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _source(event: es.Event) -> str:
    text = _cell(event.source)
    return f"[source]({text})" if text.startswith("http") and " " not in text else text


if __name__ == "__main__":
    build()
