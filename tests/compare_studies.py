"""Do two versions of the project give the same results? `python tests/compare_studies.py BEFORE AFTER`

BEFORE and AFTER are folders with a checkout each. A reduced study of every target (figures, supplement, what lies
beyond the paper, claims, report) is run in both, where it has not been yet, and every table is compared byte for byte.
Columns that are measured (seconds) are left out. MNIST's test split is read from $MNIST_DIR. Needs the environment of
`make test` active; ends with status 1 where anything differs.
"""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = ("all", "supplement", "beyond", "results/claims.md", "results/report.html")
#: Columns whose values are measured, by table.
MEASURED = {"cost": {"seconds"}}


def run(folder: Path) -> None:
    """The reduced study in a checkout; what is there already stays."""
    command = [sys.executable, "-m", "snakemake", "--configfile", str(HERE / "reduced.yaml")]
    command += ["--rerun-triggers", "mtime", "--", *TARGETS]
    log = folder / "reduced.log"
    print(f"{folder}: {' '.join(command[1:])} (log: {log})", flush=True)
    with log.open("w") as file:
        subprocess.run(
            command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=True, env=os.environ
        )


def comparable(path: Path) -> str:
    """The text of a table without its measured columns."""
    text = path.read_text()
    skipped = MEASURED.get(path.stem, set())
    if not skipped:
        return text
    rows = list(csv.reader(io.StringIO(text)))
    kept = [i for i, name in enumerate(rows[0]) if name not in skipped]
    return "\n".join(",".join(row[i] for i in kept) for row in rows)


def difference(before: Path, after: Path) -> str | None:
    """What differs between two tables, in one line; None for nothing."""
    if not after.exists():
        return "is missing"
    old, new = comparable(before).splitlines(), comparable(after).splitlines()
    if old == new:
        return None
    changed = [i for i, (a, b) in enumerate(zip(old, new)) if a != b]
    if not changed:
        return f"has {len(new)} lines instead of {len(old)}"
    first = changed[0]
    return f"differs in {len(changed)} of {len(old)} lines, first line {first + 1}:\n  - {old[first]}\n  + {new[first]}"


def main(before: str, after: str) -> int:
    folders = [Path(before).resolve(), Path(after).resolve()]
    for folder in folders:
        run(folder)
    tables = sorted((folders[0] / "results").glob("tables/*.csv")) + [
        folders[0] / "results/claims.csv"
    ]
    wrong = 0
    for path in tables:
        other = folders[1] / path.relative_to(folders[0])
        found = difference(path, other)
        print(f"{path.relative_to(folders[0] / 'results')}: {found or 'the same'}")
        wrong += found is not None
    print(f"{len(tables) - wrong} of {len(tables)} tables are the same")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
