"""The graph of rules on the page of results."""

import re

import networkx as nx

from pages import MERMAID
from qunlearn.studies.report import rulegraph


# -- graph of rules --------------------------------------------------------------------------------
def test_the_graph_is_read_and_implied_edges_are_left_out():
    graph = rulegraph.parse(MERMAID)
    assert set(graph.edges) == {
        ("draw", "page"),
        ("tabulate", "draw"),
        ("train", "tabulate"),
        ("train", "draw"),
        ("tabulate", "page"),
    }
    drawing = rulegraph.svg(graph, {"train": "2 jobs, 6 s"})
    assert (
        drawing.count("<path") == 3
        and drawing.count("<rect") == 4
        and "train: 2 jobs, 6 s" in drawing
    )


def test_lines_go_from_left_to_right_and_boxes_do_not_overlap():
    graph = nx.DiGraph(
        [("a", "b"), ("b", "c"), ("c", "e"), ("a", "d"), ("d", "e"), ("f", "e"), ("a", "g")]
    )
    drawing = rulegraph.svg(graph, {})
    boxes = [
        tuple(map(int, b))
        for b in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', drawing)
    ]
    assert len(boxes) == 7
    for i, (x, y, w, h) in enumerate(boxes):
        assert all(x + w < a or a + c < x or y + h < b or b + d < y for a, b, c, d in boxes[:i])
    layers = rulegraph.columns(graph.copy())
    place = {node: i for i, layer in enumerate(layers) for node in layer}
    assert all(place[a] < place[b] for a, b in graph.edges)
    assert ("a", "d", 2 - len(layers)) not in place and place["d"] == place[
        "c"
    ]  # as far right as its readers allow


def test_the_drawing_does_not_depend_on_the_order_of_rules():
    edges = [("a", "b"), ("b", "c"), ("c", "e"), ("a", "d"), ("d", "e"), ("f", "e"), ("a", "g")]
    drawings = {rulegraph.svg(nx.DiGraph(some), {}) for some in (edges, edges[::-1])}
    assert len(drawings) == 1


def test_sorting_columns_undoes_crossings():
    pairs = [("a", "z"), ("b", "y"), ("c", "x")]
    left, right = rulegraph.columns(nx.DiGraph(pairs))
    assert [dict(pairs)[node] for node in left] == right
