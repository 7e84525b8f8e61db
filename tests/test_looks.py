"""Figures do not depend on a user's settings of matplotlib, nor on the state of its caches."""

import os
import subprocess
import sys

import pytest

from project import ROOT

DRAW = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from qunlearn.plots import style
import matplotlib.pyplot as plt
figure, (left, right) = plt.subplots(1, 2, figsize=(4, 2))
left.plot([0, 1], [1e-3, 2], "o-", label="word")
left.set(xlabel=r"corrupted fraction $\\alpha$", ylabel="accuracy é", title="title")
left.legend()
right.imshow(np.arange(9.0).reshape(3, 3))
right.hist([1, 2, 2, 3])
style.headline(figure, "a", "words")
style.save(figure, "figure.pdf", "figure.png")
"""
SETTINGS = """
backend: QtAgg
text.usetex: True
font.family: serif
font.size: 20
axes.prop_cycle: cycler('color', ['r', 'g'])
axes.grid: True
axes.facecolor: black
image.cmap: gray
image.origin: lower
lines.linestyle: --
savefig.bbox: tight
savefig.transparent: True
figure.constrained_layout.use: False
path.sketch: 1, 100, 2
axes.formatter.use_locale: True
errorbar.capsize: 5
hist.bins: 3
"""


def draw(folder, **exported):
    """Bytes of the PNG and the PDF of one figure."""
    folder.mkdir(exist_ok=True)
    home = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    (folder / "draw.py").write_text(DRAW, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "draw.py", str(ROOT / "workflow")]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | home | exported, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return (folder / "figure.png").read_bytes(), (folder / "figure.pdf").read_bytes()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The figure without settings, and the folder with what matplotlib cached."""
    folder = tmp_path_factory.mktemp("plain")
    return draw(folder), folder


@pytest.mark.long
def test_settings_of_a_notebook_and_of_a_user_do_not_show(plain, tmp_path):
    folder = tmp_path / "user"
    for place in ("config/matplotlib", "."):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "matplotlibrc").write_text(SETTINGS, encoding="utf-8")
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    assert draw(folder, **inline, LC_ALL="C", PYTHONUTF8="0") == plain[0]


@pytest.mark.long
@pytest.mark.parametrize("damage", ["cut", "empty", "foreign"])
def test_settings_and_caches_that_are_broken_do_not_show(damage, plain, tmp_path):
    [fonts] = (plain[1] / "cache/matplotlib").glob("fontlist*.json")
    content = fonts.read_text(encoding="utf-8")
    damaged = {
        "cut": content[: len(content) // 2],
        "empty": "",
        "foreign": content.replace("fonts/ttf/", "/usr/another/machine/"),
    }
    for place in ("cache/matplotlib", "config/matplotlib"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "cache/matplotlib" / fonts.name).write_text(damaged[damage], encoding="utf-8")
    (tmp_path / "config/matplotlib/matplotlibrc").write_bytes(b"font.family: \xff\n")
    broken = str(tmp_path / "config/matplotlib/matplotlibrc")
    assert draw(tmp_path, MPLBACKEND="nonsense", MATPLOTLIBRC=broken) == plain[0]


@pytest.mark.long
def test_settings_that_cannot_be_read_are_one_sentence(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"font.family: \xff\n")
    with pytest.raises(
        AssertionError, match="UserError: matplotlib cannot read settings of your own"
    ):
        draw(tmp_path)


def test_the_look_replaces_what_was_set():
    import matplotlib.pyplot as plt

    from qunlearn.plots import style

    style.set_look()
    meant = dict(plt.rcParams)
    plt.rcParams.update({"font.size": 20, "lines.linestyle": "--", "text.usetex": True})
    style.set_look()
    assert dict(plt.rcParams) == meant
    assert {key: plt.rcParams[key] for key in style.LOOK} == style.LOOK
