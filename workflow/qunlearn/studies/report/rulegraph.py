"""The graph of rules, drawn as SVG: columns from the data to the page, each rule as far right as
its readers allow.

The usual layered drawing: edges that others imply are left out, an edge across several columns
bends at a way point in each, and every column is sorted by the mean place of its neighbours, left
and right in turn.
"""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from typing import NamedTuple

import networkx as nx

#: Of a box and of a row, between columns, of a letter, and beside a name.
HEIGHT, ROW, GAP, LETTER, PADDING = 24, 32, 40, 6.7, 9
SWEEPS = 24
SVG = (
    '<svg viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" height="{bottom:.0f}" '
    'role="img" aria-label="Graph of {rules} rules"><g class="edges">{edges}</g>{boxes}</svg>'
)
RULE = (
    "<g><title>{title}</title>"
    '<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height}" rx="4"/>'
    '<text x="{middle:.0f}" y="{baseline:.0f}">{name}</text></g>'
)
CURVE = (
    "M{left:.0f} {start:.0f}C{middle:.0f} {start:.0f} {middle:.0f} {end:.0f} {right:.0f} {end:.0f}"
)


def parse(mermaid: str) -> nx.DiGraph:
    """The graph that `snakemake --rulegraph mermaid-js` prints; edges go from the rule that writes
    to the one that reads."""
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", mermaid))
    edges = re.findall(r"(id\d+) --> (id\d+)", mermaid)
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(names.values()))
    graph.add_edges_from(sorted((names[a], names[b]) for a, b in edges))
    return graph


def without_implied_edges(graph: nx.DiGraph) -> nx.DiGraph:
    """Its transitive reduction, in an order that does not change from run to run."""
    reduced = nx.DiGraph()
    reduced.add_nodes_from(sorted(graph))
    reduced.add_edges_from(sorted(nx.transitive_reduction(graph).edges))
    return reduced


# -- columns ---------------------------------------------------------------------------------------
def columns(graph: nx.DiGraph) -> list[list]:
    """Nodes by column, sorted against crossings; `graph` gains a way point (rule, rule, column)
    wherever an edge passes a column."""
    place = places(graph)
    bend_long_edges(graph, place)
    found = []
    for column in sorted(set(place.values())):
        found.append([node for node in graph if place[node] == column])
    for sweep in range(SWEEPS):
        from_left = sweep % 2 == 0
        neighbours = graph.pred if from_left else graph.succ
        for before, column in pairwise(found if from_left else found[::-1]):
            column.sort(key=mean_heights(before, column, neighbours).get)
    return found


def places(graph: nx.DiGraph) -> dict:
    """Column of every node, counted from the right, below 0: one left of its first reader."""
    place: dict = {}
    for node in reversed(list(nx.lexicographical_topological_sort(graph))):
        readers = [place[reader] for reader in graph[node]]
        place[node] = min(readers, default=0) - 1
    return place


def bend_long_edges(graph: nx.DiGraph, place: dict) -> None:
    """Put a way point into every column that an edge passes."""
    for a, b in list(graph.edges):
        passed = range(place[a] + 1, place[b])
        if not passed:
            continue
        points = [(a, b, column) for column in passed]
        place.update(zip(points, passed))
        graph.remove_edge(a, b)
        nx.add_path(graph, [a, *points, b])


def mean_heights(before: list, column: list, neighbours) -> dict:
    """Of every node of a column, mean height (0 to 1) of its neighbours in the column before it;
    its own where it has none there."""
    height = heights(before)
    own = heights(column)
    found = {}
    for node in column:
        near = [height[other] for other in neighbours[node]]
        found[node] = sum(near) / len(near) if near else own[node]
    return found


def heights(column: list) -> dict:
    """0 for the first node, below 1 for the last."""
    return {node: number / len(column) for number, node in enumerate(column)}


# -- drawing ---------------------------------------------------------------------------------------
class Box(NamedTuple):
    """Left edge, vertical centre and width of a node, pixels."""

    x: float
    y: float
    width: float


def svg(graph: nx.DiGraph, notes: dict[str, str]) -> str:
    """The drawing; `notes` holds what is said of a rule when pointed at. Colours are left to the
    page's style."""
    graph = without_implied_edges(graph)
    layers = columns(graph)
    boxes, right = arranged(layers)
    bottom = ROW * max(map(len, layers)) + 4
    rules = [node for node in boxes if isinstance(node, str)]
    edges = [_line(boxes[a], boxes[b], is_way_point(b)) for a, b in graph.edges]
    drawn = [_rule(name, boxes[name], notes.get(name)) for name in rules]
    return SVG.format(
        right=right,
        bottom=bottom,
        rules=len(rules),
        edges="".join(edges),
        boxes="".join(drawn),
    )


def is_way_point(node) -> bool:
    return isinstance(node, tuple)


def arranged(layers: list[list]) -> tuple[dict[object, Box], float]:
    """Box of every node, a way point's without height, and the right edge of the last column."""
    height = ROW * max(map(len, layers))
    boxes = {}
    x = 2.0
    for column in layers:
        step = height / len(column)
        width = column_width(column)
        for number, node in enumerate(column):
            centre = (number + 0.5) * step + 2
            boxes[node] = Box(x, centre, width)
        x += width + GAP
    return boxes, x - GAP + 2


def column_width(column: list) -> float:
    """Of its longest name."""
    letters = [0 if is_way_point(node) else len(node) for node in column]
    return max(letters) * LETTER + 2 * PADDING


def _line(start: Box, end: Box, goes_on: bool) -> str:
    """From box to box, through the second one if it is a way point."""
    left = start.x + start.width
    bend = CURVE.format(
        left=left,
        middle=(left + end.x) / 2,
        right=end.x,
        start=start.y,
        end=end.y,
    )
    if goes_on:
        bend += f" H{end.x + end.width:.0f}"
    return f'<path d="{bend}"/>'


def _rule(name: str, box: Box, note: str | None) -> str:
    """A box with the rule's name, and what is said of it."""
    title = f"{name}: {note}" if note else name
    return RULE.format(
        title=escape(title),
        name=escape(name),
        left=box.x,
        top=box.y - HEIGHT / 2,
        width=box.width,
        height=HEIGHT,
        middle=box.x + box.width / 2,
        baseline=box.y + 4,
    )
