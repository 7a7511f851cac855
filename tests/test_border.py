"""Files of others: what goes wrong in reading is one error of ours; what goes wrong with what was read is not hidden."""

import bz2
import gzip
import json
import lzma
import zipfile

import pytest

from eventstudy.border import DEEPEST, opened, parse_json, parse_toml, read_bytes, too_deep
from eventstudy.errors import DataError, InputError
from eventstudy.replace.folders import read_json

CONTENT = bytes(range(256)) * 400
WRITERS = {
    "a.txt": lambda path: path.write_bytes(CONTENT),
    "a.gz": lambda path: path.write_bytes(gzip.compress(CONTENT)),
    "a.bz2": lambda path: path.write_bytes(bz2.compress(CONTENT)),
    "a.xz": lambda path: path.write_bytes(lzma.compress(CONTENT)),
    "a.zip": lambda path: zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED).writestr("a", CONTENT),
}


@pytest.fixture(params=WRITERS)
def path(request, tmp_path):
    made = tmp_path / request.param
    WRITERS[request.param](made)
    return made


@pytest.mark.parametrize(
    "fault", [ValueError("ours"), KeyError("ours"), EOFError("ours"), OSError("ours"), TypeError()]
)
def test_a_fault_of_who_reads_stays_what_it_is(path, fault):
    def read():
        with opened(path, DataError) as file:
            assert file.read(700) == CONTENT[:700]
            raise fault

    with pytest.raises(type(fault)) as caught:
        read()
    assert caught.value is fault


def test_what_is_cut_short_is_one_error_wherever_it_ends(path):
    assert read_bytes(path, DataError) == CONTENT
    whole = path.read_bytes()
    for end in range(0, len(whole), max(1, len(whole) // 40)) if path.suffix != ".txt" else ():
        path.write_bytes(whole[:end])
        try:
            assert read_bytes(path, DataError) == b"" and not end  # noqa: PT018  nothing packed is nothing
        except DataError as error:
            assert f"{path.name}: this cannot be read as a file (" in str(error)  # noqa: PT017  either is right


def test_more_than_the_bound_is_refused(path):
    assert read_bytes(path, DataError, largest=len(CONTENT)) == CONTENT
    with pytest.raises(DataError, match="the file holds more than"):
        read_bytes(path, DataError, largest=len(CONTENT) - 1)


def nested(levels, kind):
    made = 1
    for _ in range(levels):
        made = [made] if kind == "list" else {"a": made}
    return made


@pytest.mark.parametrize("kind", ["list", "mapping"])
def test_trees_are_as_deep_as_a_walk_can_go(kind, tmp_path):
    assert not too_deep(nested(DEEPEST, kind))
    assert too_deep(nested(DEEPEST + 1, kind))
    for levels in (DEEPEST, DEEPEST + 2, 400, 900, 3_000, 100_000):
        text = '{"a": ' + ("[" * levels if kind == "list" else '{"a": ' * levels)
        text += "1" + ("]" if kind == "list" else "}") * levels + "}"
        (tmp_path / "manifest.json").write_text(text)
        toml = text.replace('"a": ', "a = ")[1:-1]
        assert read_json(tmp_path / "manifest.json") is None
        for read in (
            lambda text=text: parse_json(text, "x", InputError),
            lambda text=toml: parse_toml(text, "x", InputError),
        ):
            with pytest.raises(InputError, match=r"^x: this cannot be read as (JSON|TOML) \(it is nested too deeply\)"):
                read()
    text = json.dumps({"a": nested(DEEPEST - 1, kind)})
    (tmp_path / "manifest.json").write_text(text)
    assert read_json(tmp_path / "manifest.json") == parse_json(text, "x", InputError) == json.loads(text)
