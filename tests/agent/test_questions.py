"""Thirty questions, answered with what SKILL.md says and the command: equal to what is computed beside, or refused.

The command runs as an agent starts it. Where the data are taken away, in whole or from the days that are asked about, every one
of the answers is a refusal and none holds a number.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import answers_beside
import eventstudy

QUESTIONS = json.loads((Path(__file__).parent / "questions.json").read_text("utf-8"))
CLOSE = 1e-9  # relative: two ways of solving the same least squares
LAST_DAY = "2024-12-31"  # before every event whose prices are asked about, and after the estimation windows begin


def filled(value, handles):
    """Put the handles of the last answers in place of $returns and $result."""
    if isinstance(value, dict):
        return {key: filled(one, handles) for key, one in value.items()}
    return handles.get(value, value) if isinstance(value, str) else value


def answers(folder, path=None):
    """Ask every question of one server that runs in a folder; give (refused, the last answer) of each."""
    from mcp import Client, StdioServerParameters  # noqa: PLC0415  an extra

    async def talk():
        env = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
        command = StdioServerParameters(
            command=sys.executable, args=["-m", "eventstudy", "mcp"], env=env, cwd=str(folder)
        )
        got = []
        async with Client(command) as client:
            for question in QUESTIONS:
                handles = {}
                for name, arguments in question["calls"]:
                    said = await client.call_tool(name, filled(arguments, handles))
                    if said.is_error:
                        break
                    answer = said.structured_content
                    handles.update({f"${kind}": answer[kind] for kind in ("returns", "result") if kind in answer})
                got.append((said.is_error, said.content[0].text if said.is_error else answer))
        return got

    return asyncio.run(talk())


def at(answer, path):
    for step in path.split("."):
        answer = answer[int(step)] if step.isdigit() else answer[step]
    return answer


def test_there_are_thirty_different_questions():
    assert len({question["question"] for question in QUESTIONS}) == len(QUESTIONS) == 30


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_of_thirty_are_equal_to_what_is_computed_beside(own):
    wrong = []
    for question, (refused, answer) in zip(QUESTIONS, answers(own), strict=True):
        name, *given = question["beside"]
        expected = getattr(answers_beside, name)(*given)
        got = answer if refused else at(answer, question["answer"])
        same = (
            got == expected if isinstance(expected, str) else not refused and got == pytest.approx(expected, rel=CLOSE)
        )
        if not same:
            wrong.append((question["question"], got, expected))
        elif not {"versions"} < set(answer["provenance"]):
            wrong.append((question["question"], "no provenance"))
    assert wrong == []


def refusals(got):
    return [
        question["question"]
        for question, (refused, text) in zip(QUESTIONS, got, strict=True)
        if refused and "refused: " in text
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_data_taken_away_thirty_are_refused(own, tmp_path):
    package = shutil.copytree(
        Path(eventstudy.__file__).parent, tmp_path / "away" / "eventstudy", ignore=without("figures", "catalogues")
    )
    (own / "prices.csv").unlink()
    assert len(refusals(answers(own, package.parent))) == len(QUESTIONS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_days_taken_away_that_are_asked_about_nothing_is_made_up(own, tmp_path):
    """The files are there, their rows too; only the figures of the days are not. The rest of the questions need none."""
    package = shutil.copytree(Path(eventstudy.__file__).parent, tmp_path / "away" / "eventstudy", ignore=without())
    for file in (*(package / "returns" / "figures").glob("*.csv"), own / "prices.csv"):
        head, *rows = file.read_text("utf-8").splitlines()
        blank = "," * head.count(",")
        cut = [row if row[:10] <= LAST_DAY else row[:10] + blank for row in rows]
        file.write_text("\n".join([head, *cut]) + "\n", encoding="utf-8")
    asked = [question["question"] for question in QUESTIONS if question["beside"][0] == "one"]
    got = refusals(answers(own, package.parent))
    assert set(asked) <= set(got), set(asked) - set(got)


def without(*names):
    return shutil.ignore_patterns("__pycache__", *names)
