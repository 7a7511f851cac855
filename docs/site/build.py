"""Write the pages of the site that are made from the package: tests, models, reference, recipes, catalogues, gallery."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

from extend import write_extend
from gallery import write_gallery, write_landing
from moulds import write_moulds
from paper import write_paper
from pictures import write_pictures
from recipes import write_recipes
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
    write_landing(into)
    write_paper(into)
    write_extend(into)
    write_notebooks(into)
    write_changelog(into)


def write_changelog(into: Path) -> None:
    """Copy the changelog of the repository."""
    shutil.copyfile(HERE.parents[1] / "CHANGELOG.md", into / "changelog.md")


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


def write_catalogues(into: Path) -> None:
    """Write the bundled catalogues as tables, each event with its sources and what of it was recalled."""
    folder = into / "catalogues"
    folder.mkdir()
    for name in CATALOGUES:
        (folder / f"{name}.md").write_text(_catalogue(es.load_events(name), name), "utf-8")
    tree = "\n".join(["```{toctree}", *CATALOGUES, "```"])
    said = "The catalogues that come with the package, event by event. How one is made, and by which rubric labelled: {doc}`/events`."
    (folder / "index.md").write_text(f"# Bundled catalogues\n\n{said}\n\n{tree}\n", "utf-8")


def _catalogue(catalogue: es.EventCatalog, name: str) -> str:
    """Return the page of one catalogue."""
    rows, counts = [], Counter(_recalled(event.source) for event in catalogue)
    for event in catalogue:
        moment = f"{event.announced_at.tz_convert(catalogue.timezone):%Y-%m-%d %H:%M}"
        cells = (moment, _cell(event.name), event.stance, event.confidence, _recalled(event.source), _source(event))
        rows.append(f"| {' | '.join(cells)} |")
    some = sum(counts.values()) - counts[""]
    said = [
        f"# Catalogue `{name}`",
        f'{len(rows)} events. `es.load_events("{name}")`; moments in the time of {catalogue.timezone}.',
        (
            f"**What was recalled.** Of {some} events something was written down from memory, without a document at hand: of {counts['all']} all, of "
            f"{counts['hour']} the hour or minute, of {counts['part']} another part. The column says of which; `confidence` says how sure the row is. The "
            "session that counts can hang on an hour: test with `catalog.select(confidence=…)`, or leave such events out, to see what does."
        ),
        "\n".join(["| announced | event | stance | confidence | recalled | source |", f"|{'---|' * 6}", *rows]),
    ]
    return "\n\n".join(said) + "\n"


def _recalled(source: str) -> str:
    """Say what of an event was written from memory, by what its source says."""
    if "from memory" not in source:
        return ""
    if source.strip() == "from memory":
        return "all"
    return "hour" if re.search(r"\b(hour|time|minute)\b[^;)]*from memory|from memory time", source) else "part"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _source(event: es.Event) -> str:
    text = _cell(event.source)
    if text.strip() == "from memory":
        return ""
    return f"[source]({text})" if text.startswith("http") and " " not in text else text


if __name__ == "__main__":
    build()
