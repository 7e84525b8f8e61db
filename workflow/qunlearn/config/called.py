"""How Snakemake was called: scripts that belong to a run take the same options, and find the folders that it used."""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import yaml

from qunlearn.config.blocks import read_block
from qunlearn.config.settings import Paths
from qunlearn.runtime.errors import UserError

CONFIG = Path(__file__).parents[3] / "config.yaml"


def options(arguments: list[str]) -> Namespace:
    """Snakemake's options, in its own reading of a command line and of the profiles that count there.

    Raises UserError with Snakemake's words for what it does not know.
    """
    from snakemake.cli import parse_args

    said = StringIO()
    try:
        with redirect_stderr(said):
            _, found = parse_args(arguments)
    except SystemExit as end:
        if not end.code:
            raise
        why = said.getvalue().strip().splitlines()[-1:]
        raise UserError(f"{''.join(why)}. Give the options that Snakemake was given.") from None
    if found.directory and not Path(found.directory).is_dir():
        raise UserError(f"--directory {found.directory} is not there.")
    return found


def enter(given: Namespace) -> None:
    """Change to the folder that Snakemake works in under these options."""
    if given.directory:
        os.chdir(given.directory)


def configuration(given: Namespace) -> dict:
    """The project's configuration with what these options put on top, not yet checked. Enters the folder that Snakemake
    works in."""
    from snakemake.cli import parse_config
    from snakemake.exceptions import WorkflowError
    from snakemake.settings.types import ConfigSettings
    from snakemake.utils import update_config

    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    files = [Path(path).absolute() for path in given.configfile or ()]
    if absent := [path for path in files if not path.is_file()]:
        raise UserError(f"--configfile {absent[0]} is not there.")
    try:
        on_top = ConfigSettings(config=parse_config(given.config), configfiles=files)
    except (WorkflowError, ValueError) as error:
        raise UserError(str(error)) from None
    update_config(config, on_top.overwrite_config)
    enter(given)
    return config


def folders(given: Namespace) -> dict[str, str]:
    """The section `paths` under these options. Enters the folder that Snakemake works in."""
    read, wrong = read_block(Paths, configuration(given)["paths"], ("paths",))
    if wrong:
        raise UserError("\n".join(wrong))
    return read
