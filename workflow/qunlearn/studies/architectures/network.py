"""A multi-layer perceptron as a picture, layer by layer."""

from __future__ import annotations

from itertools import pairwise, product

#: Most nodes of a layer that are drawn; in a wider one, dots stand in place of one of them.
NODES = 5
DOTS = 3


def draw_network(axis, widths: list[int], colour: str) -> None:
    """Layers as columns of nodes, hidden ones in `colour`; every node joined to every node."""
    last = len(widths) - 1
    for x, (left, right) in enumerate(pairwise(widths)):
        for ends in product(heights(left), heights(right)):
            axis.plot([x, x + 1], ends, color="0.75", lw=0.35, zorder=1)
    for x, width in enumerate(widths):
        is_hidden = 0 < x < last
        fill = colour if is_hidden else "0.4"
        for height in heights(width):
            axis.plot(x, height, "o", ms=5, mfc=fill, mec="0.2", mew=0.4, zorder=2)
        if width > NODES:
            axis.text(x, _height(DOTS, NODES), "⋮", ha="center", va="center", size=8)
        kind = "ReLU" if is_hidden else "input" if x == 0 else "logit"
        words = f"{width}\n{kind}"
        axis.text(x, -2.75, words, ha="center", va="top", size=6.5, linespacing=1.1)
    axis.set(xlim=(-0.5, last + 0.5), ylim=(-3.9, 2.5))
    axis.axis("off")


def heights(width: int) -> list[float]:
    """Of the nodes that are drawn of a layer, from the top."""
    shown = min(width, NODES)
    places = [place for place in range(shown) if width <= NODES or place != DOTS]
    return [_height(place, shown) for place in places]


def _height(place: int, shown: int) -> float:
    return (shown - 1) / 2 - place
