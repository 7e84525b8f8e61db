"""Write cpu.yaml and gpu.yaml, for `snakemake --software-deployment-method conda`, from the lists of packages beside
them: `make envs`.

Snakemake copies an environment's file and nothing beside it, so every package stands in the file itself: those of
constraints.txt but for what dev.txt names, and what cpu.txt or gpu.txt ask for of them.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = "3.12"
HEAD = f"""# Made by `make envs`; edit library.txt, gpu.txt or constraints.txt.
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python={PYTHON}
  - pip=25.2
  - pip:
"""


def package(requirement: str) -> str:
    """'jax' of 'jax[cuda12]==0.10.2', spelt as an index does."""
    name = re.match(r"[\w.-]+", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(name: str, included: bool = True) -> dict[str, str]:
    """Package -> requirement of a file, after those of the files that it includes by `-r`."""
    found = {}
    for line in (HERE / name).read_text().splitlines():
        line = line.strip()
        if line.startswith("-r") and included:
            found |= listed(line.split()[1])
        elif line and not line.startswith(("#", "-")):
            found[package(line)] = line
    return found


def environment(name: str) -> str:
    """The text of an environment's file, for the packages that `name`.txt asks for."""
    tools = listed("dev.txt", included=False)
    tested = listed("constraints.txt")
    packages = {key: line for key, line in tested.items() if key not in tools}
    packages |= listed(f"{name}.txt")
    lines = [f"      - {packages[key]}\n" for key in sorted(packages)]
    return HEAD + "".join(lines)


if __name__ == "__main__":
    for name in ("cpu", "gpu"):
        (HERE / f"{name}.yaml").write_text(environment(name))
