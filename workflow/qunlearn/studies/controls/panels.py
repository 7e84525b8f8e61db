"""A panel of Fig. S "controls": some controls on one dataset, beside the models that they
change."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.controls import Control

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
LINES = ["-", "--", ":", "-."]
LABELS = {"alpha": "corrupted fraction α", "updates": "updates", "step": "unlearning step (epochs)"}
GREY = "0.55"
COLOURS = [colour for colour in style.SPARE if colour != "#999999"]  # grey is for bases
RUN = ["control", "model", "alpha", "seed"]


class Panel(NamedTuple):
    """The controls of one panel, `members`, on all datasets, so that a look means the same
    everywhere; `table`: the rows of all controls; `models`: bases of the whole figure."""

    title: str
    members: list[Control]
    table: pd.DataFrame
    models: list[str]
    confidence: float
    looks: Looks

    @property
    def against(self) -> str:
        return self.members[0].against

    @property
    def xlabel(self) -> str:
        return LABELS[self.against]

    @property
    def names(self) -> list[str]:
        return without_doubles(control.name for control in self.members)

    @property
    def own_models(self) -> list[str]:
        """Models that are changed here."""
        return without_doubles(control.base.model for control in self.members)

    def heading(self) -> str:
        """The title, with the corrupted fraction where that is one."""
        if self.against == "alpha":
            return self.title
        has_abscissa = self.table[["updates", "step"]].notna().any(axis=1)
        alphas = self.table.loc[has_abscissa, "alpha"]
        return f"{self.title}, α = {alphas.iloc[0]:g}"

    # -- lines -------------------------------------------------------------------------------------
    def draw(self, axis, dataset: str) -> None:
        """All controls on one dataset; bases in grey, in panels against alpha those of all
        models."""
        members = [one for one in self.members if one.base.dataset == dataset]
        if not members:
            return
        here = style.select(self.table, dataset=dataset)
        shown = here[here["control"].isin(self.names)]
        bases = style.select(self._with_bases(here, shown), role="base")
        for model, frame in bases.groupby("model"):
            once = frame.drop_duplicates([self.against, "alpha", "seed"])
            self._draw_base(axis, model, once)
        changed = style.select(shown, role="control")
        for control in members:
            frame = style.select(changed, control=control.name, model=control.base.model)
            self._curve(axis, frame, self.against != "alpha", lw=0.9, **self.look(control))
        style.note_collapsed(axis, changed, RUN)
        if self.against == "updates":
            axis.set_xscale("log")

    def _with_bases(self, here: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
        """Rows among which are the bases that are drawn."""
        if self.against != "alpha":
            return shown
        return here[here[["updates", "step"]].isna().all(axis=1)]

    def _draw_base(self, axis, model: str, frame: pd.DataFrame) -> None:
        line = line_of(self.models.index(model))
        if self.against == "updates":  # the same training as the control's, until it ends
            end = frame["updates"].max()
            axis.axvline(end, color=GREY, ls=line, lw=0.9, zorder=0)
        else:
            self._curve(axis, frame, True, color=GREY, ls=line, lw=1.6)

    def _curve(self, axis, frame: pd.DataFrame, is_band: bool, **look) -> None:
        """Mean validation accuracy over seeds with its interval (Student's t), as bars or as a
        band."""
        groups = frame.groupby(self.against)["val_accuracy"]
        mean, half = groups.mean(), self._half_interval(groups)
        if not is_band:
            axis.errorbar(mean.index, mean, half, elinewidth=0.6, **look)
            return
        axis.plot(mean.index, mean, **look)
        shade = {"color": look["color"], "alpha": 0.15, "lw": 0}
        axis.fill_between(mean.index, mean - half, mean + half, **shade)

    def _half_interval(self, groups) -> pd.Series:
        """Half of the width of the mean's interval; 0 for a single seed."""
        runs = groups.size()
        deviation = groups.std(ddof=1).fillna(0)
        freedom = np.maximum(runs - 1, 1)
        upper_tail = (1 - self.confidence) / 2
        quantile = stats.t.isf(upper_tail, freedom)
        return quantile * deviation / np.sqrt(runs)

    def look(self, control: Control) -> dict:
        """Colours tell the controls of one model apart; lines those of several, whose colours are
        the models'."""
        place = self.names.index(control.name)
        mark = self._mark(place)
        if len(self.own_models) == 1:
            return {"color": colour_of(place), "ls": "-", **mark}
        model = self.looks.model(control.base.model, self.own_models)
        return {"color": model.colour, "ls": line_of(place), **mark}

    def _mark(self, place: int) -> dict:
        if self.against == "step":
            return {}
        return {"marker": MARKS[place % len(MARKS)], "ms": 2.2}

    # -- legend ------------------------------------------------------------------------------------
    def draw_legend(self, axis) -> None:
        """What the panel's colours, lines and marks mean."""
        axis.set_axis_off()
        legend = axis.legend(
            handles=self._handles(),
            loc="upper left",
            bbox_to_anchor=(-0.06, 1.0),
            borderaxespad=0,
            ncols=2,
            columnspacing=0.8,
            handlelength=1.8,
            handletextpad=0.4,
            fontsize=6.2,
            labelspacing=0.25,
        )
        legend.set_in_layout(False)

    def _handles(self) -> list:
        if len(self.own_models) == 1:
            return [
                _key(name, lw=0.9, color=colour_of(place), **self._mark(place))
                for place, name in enumerate(self.names)
            ]
        handles = []
        for name in self.own_models:
            model = self.looks.model(name, self.own_models)
            handles.append(_key(model.label, lw=2, color=model.colour))
        if len(self.names) > 1:
            for place, name in enumerate(self.names):
                look = {"lw": 0.9, "color": "0.2", "ls": line_of(place)}
                handles.append(_key(name, **look, **self._mark(place)))
        return handles


def colour_of(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def line_of(place: int) -> str:
    return LINES[place % len(LINES)]


def _key(label: str, **look):
    """An entry of a legend."""
    return plt.Line2D([], [], label=label, **look)
