"""What a result was made with, kept with the result: in an attribute of HDF5 files, beside any other file in a hidden
one (`.fig2.pdf.json`).

Snakemake keeps such a record, too, but in `.snakemake`, which is lost more easily than results are. Before a run each
result that it needs is compared with the settings in force (`disagreement`).
"""

from __future__ import annotations

import json
from pathlib import Path

from qunlearn.runtime.files import replacing

#: The attribute of HDF5 files, and the key in hidden files.
MADE_WITH = "made_with"
#: The key of a hidden file for the input files.
MADE_FROM = "made_from"
#: Parameters of a rule that are no settings: hashes of code.
NO_SETTING = ("code",)
#: What the attribute `settings` says in the same words, for files without such a record.
OF_OLD = ("architecture", "schedule", "method", "precision")
#: Longest text of a value in a sentence.
SHORT = 60

_job: dict = {}
_inputs: list[str] = []


def plain(settings: dict):
    """Settings as they are after a turn on disk: lists for tuples, texts for keys."""
    return json.loads(json.dumps(settings, sort_keys=True, default=str))


def begin(params, inputs) -> None:
    """Remember what this process's job was told (Snakemake's parameters, or a dictionary), and its input files."""
    _job.clear()
    _job.update({key: value for key, value in params.items() if key not in NO_SETTING})
    _inputs[:] = sorted(set(map(str, inputs)))


def attribute() -> dict[str, str]:
    """The attribute for HDF5 files of this process's job; none outside a job."""
    return {MADE_WITH: json.dumps(_job, sort_keys=True, default=str)} if _job else {}


def hidden(path: str | Path) -> Path:
    """Where the record of a file lies that cannot carry it itself."""
    path = Path(path)
    return path.with_name(f".{path.name}.json")


def write_records(outputs, origin: dict) -> None:
    """Records of the outputs of this process's job that are not HDF5, with what else is known of their `origin`."""
    for path in map(Path, outputs):
        if path.suffix != ".h5" and path.exists():
            with replacing(hidden(path)) as temporary:
                text = json.dumps(
                    {MADE_WITH: plain(_job), MADE_FROM: _inputs, **origin}, indent=1, sort_keys=True
                )
                temporary.write_text(text + "\n", encoding="utf-8")


def disagreement(path: str | Path, settings: dict, inputs: list[str]) -> str | None:
    """In what a result differs from the `settings` in force, in words; None where it does not, where there is no
    result, and where it cannot be read (which is said by the job that needs it).

    Of results that are no HDF5 files, the `inputs` count, too: a table holds what its input files hold.
    """
    path = Path(path)
    if not path.exists():
        return None
    if path.suffix == ".h5":
        recorded = _recorded_inside(path)
        return None if recorded is None else difference(recorded, plain(settings))
    try:
        record = json.loads(hidden(path).read_text(encoding="utf-8"))
        recorded, files = record[MADE_WITH], set(record[MADE_FROM])
    except (OSError, ValueError, KeyError):
        return "nothing says what it was made with"
    if more := sorted(files - set(inputs)):
        return f"it was made from {more[0]}, too, which is not asked for"
    if fewer := sorted(set(inputs) - files):
        return f"it was made without {fewer[0]}"
    return difference(recorded, plain(settings))


def _recorded_inside(path: Path) -> dict | None:
    """What an HDF5 file was made with; of files without such a record the settings and cells that they have."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if MADE_WITH in file.attrs:
                return json.loads(file.attrs[MADE_WITH])
            settings = json.loads(file.attrs["settings"])
            recorded = {key: settings[key] for key in OF_OLD if key in settings}
            for key, values in (("alphas", "alpha"), ("seeds", "seed")):
                if values in file:
                    recorded[key] = sorted({round(value, 4) for value in file[values][()].tolist()})
            return recorded
    except (OSError, RuntimeError, KeyError, ValueError):
        return None


def difference(recorded, asked, path: str = "") -> str | None:
    """The first place where two settings differ, in words. Keys that only one has count where both are dictionaries
    inside; at the top, a record may have fewer or more than is asked for."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        keys = (
            list(dict.fromkeys([*asked, *recorded]))
            if path
            else [k for k in asked if k in recorded]
        )
        for key in keys:
            place = f"{path}.{key}" if path else key
            if why := difference(recorded.get(key), asked.get(key), place):
                return why
        return None
    if recorded == asked:
        return None
    return f"it was made with {path} {_short(recorded)}, and {_short(asked)} is asked for"


def _short(value) -> str:
    text = json.dumps(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
