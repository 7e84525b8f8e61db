"""The graph of rules, drawn as SVG: columns from the data to the page, each rule as far right as its readers allow.

The usual layered drawing: edges that others imply are left out, an edge across several columns bends at a way point in
each, and every column is sorted by the mean place of its neighbours, left and right in turn.
"""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise

import networkx as nx

HEIGHT, ROW, GAP, LETTER, PADDING = 24, 32, 40, 6.7, 9  # of a box, a row, between columns, of a letter, beside a name
SWEEPS = 24


def parse(mermaid: str) -> nx.DiGraph:
    """The graph that `snakemake --rulegraph mermaid-js` prints; edges go from the rule that writes to the one that
    reads."""
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", mermaid))
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(names.values()))
    graph.add_edges_from(sorted((names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", mermaid)))
    return graph


def columns(graph: nx.DiGraph) -> list[list]:
    """Nodes by column, sorted against crossings; `graph` gains a way point (rule, rule, column) wherever an edge
    passes a column."""
    place: dict = {}
    for node in reversed(list(nx.lexicographical_topological_sort(graph))):
        place[node] = min((place[reader] for reader in graph[node]), default=0) - 1
    for a, b in list(graph.edges):
        points = [(a, b, c) for c in range(place[a] + 1, place[b])]
        place |= {point: point[2] for point in points}
        if points:
            graph.remove_edge(a, b)
            nx.add_path(graph, [a, *points, b])
    found = [[n for n in graph if place[n] == c] for c in sorted(set(place.values()))]
    for sweep in range(SWEEPS):
        neighbours, order = (graph.pred, found) if sweep % 2 == 0 else (graph.succ, found[::-1])
        for before, column in pairwise(order):
            height = {node: i / len(before) for i, node in enumerate(before)}
            own = {node: i / len(column) for i, node in enumerate(column)}
            near = {node: [height[other] for other in neighbours[node]] or [own[node]] for node in column}
            column.sort(key=lambda node: sum(near[node]) / len(near[node]))
    return found


def svg(graph: nx.DiGraph, notes: dict[str, str]) -> str:
    """The drawing; `notes` holds what is said of a rule when pointed at. Colours are left to the page's style."""
    graph = nx.transitive_reduction(graph)
    layers = columns(graph)
    height = ROW * max(map(len, layers))
    where, x = {}, 2.0
    for column in layers:
        width = max((len(n) for n in column if isinstance(n, str)), default=0) * LETTER + 2 * PADDING
        step = height / len(column)
        for i, node in enumerate(column):
            where[node] = (x, (i + 0.5) * step + 2, width)
        x += width + GAP
    lines = []
    for a, b in graph.edges:
        (xa, ya, wa), (xb, yb, _) = where[a], where[b]
        start = xa + wa
        middle = (start + xb) / 2
        through = f" H{xb + where[b][2]:.0f}" if isinstance(b, tuple) else ""
        bend = f"M{start:.0f} {ya:.0f}C{middle:.0f} {ya:.0f} {middle:.0f} {yb:.0f} {xb:.0f} {yb:.0f}"
        lines.append(f'<path d="{bend}{through}"/>')
    boxes = [
        f"<g><title>{escape(f'{node}: {notes[node]}' if node in notes else node)}</title>"
        f'<rect x="{x0:.0f}" y="{y - HEIGHT / 2:.0f}" width="{width:.0f}" height="{HEIGHT}" rx="4"/>'
        f'<text x="{x0 + width / 2:.0f}" y="{y + 4:.0f}">{escape(node)}</text></g>'
        for node, (x0, y, width) in where.items()
        if isinstance(node, str)
    ]
    right, bottom = x - GAP + 2, height + 4
    return (
        f'<svg viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" height="{bottom:.0f}" role="img" '
        f'aria-label="Graph of {sum(isinstance(n, str) for n in where)} rules">'
        f'<g class="edges">{"".join(lines)}</g>{"".join(boxes)}</svg>'
    )
