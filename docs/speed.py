"""Put measured ratios into docs/benchmark.md and the README: `make benchmark` runs it.

    python docs/speed.py results/benchmarks/speed.csv

What the texts say is kept in `docs/speed.json`, so that a test can tell whether they say it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from qunlearn.studies.benchmark.entrants import ENTRANTS
from qunlearn.studies.benchmark.figure import RIVALS
from qunlearn.studies.benchmark.table import compared

KEPT = ROOT / "docs" / "speed.json"
#: Load before a row from which on others were at work: the row before makes one of 1, a little more while it compiles.
OTHERS_WORK = 1.5
TASK, STATE_VECTOR = "qnn_xxz", "statevector"


def measured(speed: pd.DataFrame) -> dict:
    """What the texts need: every engine's time over this project's, and on what it was taken."""
    rows = compared(speed).round({"ratio": 6})
    columns = ["task", "engine", "replicas", "own", "ratio"]
    return {
        "device": str(speed["device"].iloc[0]),
        "cores": int(speed["cores"].iloc[0]),
        "load": round(float(speed["load_before"].max()), 1),
        "rows": rows[columns].to_dict("records"),
    }


def table(found: dict) -> str:
    """Markdown: by task, the nearest rival first."""
    titles = {
        task: f"{title}: {label}"
        for title, tasks in RIVALS.items()
        for task, (label, _) in tasks.items()
    }
    lines = ["| task | engine | time over this project's |", "|---|---|---|"]
    last = None
    for row in found["rows"]:
        title = titles[row["task"]] if row["task"] != last else ""
        last = row["task"]
        lines.append(f"| {title} | {ENTRANTS[row['engine']].label} | {rounded(row['ratio'])} |")
    lines.append("")
    lines.append(state(found))
    return "\n".join(lines)


def state(found: dict) -> str:
    """What the machine was doing."""
    said = f"Taken on {found['device']}, {found['cores']} cores"
    if found["load"] > OTHERS_WORK:
        return f"{said} that were busy with other work (load {found['load']:.1f} before a row)."
    return f"{said} with nothing else to do."


def sentence(found: dict) -> str:
    """The README's: the nearest rival first, the state vector second."""
    rows = [row for row in found["rows"] if row["task"] == TASK]
    nearest, *_ = rows
    said = f"{rounded(nearest['ratio'])} times as long with {ENTRANTS[nearest['engine']].label}"
    for row in rows:
        if row["engine"] == STATE_VECTOR:
            said += f" and {rounded(row['ratio'])} times with {ENTRANTS[STATE_VECTOR].label}"
    together = f"{nearest['replicas']} models together on one core"
    return f"An update of the XXZ QNN takes {said} as here, {together}."


def rounded(ratio: float) -> str:
    """Two digits: '150', '61 000', '0.83'."""
    if ratio < 10:
        return f"{ratio:.2g}"
    return f"{int(float(f'{ratio:.2g}')):,}".replace(",", " ")


def marked(text: str, name: str, content: str) -> str:
    """The text with this content between its marks."""
    marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    return re.sub(marks, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.S)


def pages(found: dict) -> dict[Path, str]:
    """The pages as they should read."""
    contents = {"README.md": sentence(found), "docs/benchmark.md": table(found)}
    made = {}
    for name, content in contents.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        made[ROOT / name] = marked(text, "speed", content)
    return made


def main(speed: str) -> None:
    found = measured(pd.read_csv(speed))
    KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for path, text in pages(found).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
