"""The benchmark: engines that compute the same thing, and a floor that follows from the circuit and
the layers."""

import jax
import numpy as np
import pandas as pd
import pytest

from project import plan
from qunlearn.parts.models import declared
from qunlearn.plots.looks import Looks
from qunlearn.quantum import classifier, lightcone
from qunlearn.studies.benchmark import engines, figure, floor, tasks
from qunlearn.studies.benchmark.engine import Inputs
from qunlearn.studies.benchmark.perceptrons import one_by_one
from qunlearn.studies.benchmark.project import project
from qunlearn.studies.benchmark.table import ratios

SMALL = {"qnn": tasks.Qnn(8, 2, 12, 4), "mlp": tasks.Mlp(8, 12, 4, hidden=(5, 3))}


@pytest.mark.parametrize(
    ("family", "name"),
    [
        pytest.param("qnn", "light_cone", marks=pytest.mark.long),
        pytest.param("qnn", "statevector", marks=pytest.mark.long),
        pytest.param("qnn", "contractor", marks=pytest.mark.long),
        ("mlp", "project"),
        ("mlp", "one_by_one"),
        ("mlp", "scikit_learn"),
    ],
)
def test_an_engine_is_right_and_is_timed(family, name):
    jax.config.update("jax_enable_x64", False)
    row = engines.measure(name, SMALL[family], replicas=3, runs=2, seconds=0.2)
    assert row["logit_error"] < 1e-5
    assert row["runs"] >= 1
    assert row["seconds_compile"] >= 0
    expected = row["seconds_run"] / row["updates"] / 3
    assert row["seconds_per_update_per_replica"] == pytest.approx(expected)


def test_an_engine_with_wrong_logits_is_not_timed(monkeypatch):
    def wrong(*arguments):
        right = project(*arguments)
        return right._replace(logits=lambda: right.logits() + 0.01)

    monkeypatch.setitem(engines.REGISTRY, "project", wrong)
    with pytest.raises(ValueError, match="'project' are off by 1"):
        engines.measure("project", SMALL["mlp"], replicas=1, runs=1, seconds=0.1)


def test_the_plain_loop_and_the_project_train_alike():
    """Same starting parameters, same order of minibatches: the same network after an epoch."""
    spec = SMALL["mlp"]
    inputs = Inputs(*tasks.data(spec))
    (descent, _), *_ = project(spec, inputs, 1, 3).compile()()
    ((plain, _), *_) = one_by_one(spec, inputs, 1, 3).compile()()
    ours = descent.now.params
    for name, weight in plain.items():
        np.testing.assert_allclose(np.asarray(ours[name])[0], weight, atol=1e-9)


def test_every_row_of_the_tables_is_timed_once():
    here = plan()
    rows = here.study("benchmark").rows(here)
    assert "results/benchmarks/rows/light_cone/qnn_xxz/replicas50.json" in rows["speed"]
    assert "results/benchmarks/rows/light_cone/qubits20/replicas200.json" in rows["growth"]
    everything = rows["speed"] + rows["growth"]
    assert len(set(everything)) == len(everything)


def test_every_task_has_distinct_rows_and_known_engines():
    for name in tasks.TASKS:
        assert set(tasks.engines(name)) <= set(engines.REGISTRY)
        assert tasks.engines(name)[0] in tasks.OWN
    assert not set(tasks.TASKS) & set(tasks.GROWTH)


def test_every_timed_qnn_has_a_light_cone_narrow_enough_for_the_floor():
    specs = [
        spec
        for spec in [*tasks.TASKS.values(), *tasks.GROWTH.values()]
        if isinstance(spec, tasks.Qnn)
    ]
    for spec in specs:
        circuit = declared(spec.options).circuit_on((spec.width - 1).bit_length())
        assert len(lightcone.support(circuit)) <= classifier.MAX_CONE, spec


def test_work_of_a_qnn_counts_the_light_cone_alone():
    """Depth 1: three rotations of one qubit (4 Pauli strings, of which <Y> of real states
    vanishes), whatever L."""
    for qubits in (3, 6):
        spec = tasks.Qnn(2**qubits, 1, 12, 4)
        work = floor.work(spec, Inputs(*tasks.data(spec)), replicas=1)
        assert work.flops == 3 * 3 * 1.5 * 4 + 4 * 4 * 3 + 3 * floor.ADAM_FLOPS
        assert work.bytes == 4 * (2 * 4 * 3 + 6 * 3)


def test_work_of_an_mlp_follows_from_its_layers():
    spec = tasks.Mlp(100, 50, 10, hidden=(7,))
    work = floor.mlp_work(spec, None, replicas=1)
    parameters = 100 * 7 + 7 + 7 + 1
    assert work.flops == 10 * (4 * 700 + 6 * 7) + floor.ADAM_FLOPS * parameters
    assert work.bytes == 4 * (2 * 10 * 100 + 6 * parameters)
    assert floor.mlp_work(spec, None, replicas=50).bytes < work.bytes


def test_the_machine_has_rates_and_the_floor_is_the_larger_time():
    machine = floor.machine()
    assert machine.flops > 1e8
    assert machine.bytes > 1e7
    assert floor.Work(10.0, 1.0).seconds(floor.Machine(5.0, 10.0)) == 2
    assert floor.Work(10.0, 100.0).seconds(floor.Machine(5.0, 10.0)) == 10


def test_the_figure_has_a_panel_per_task_and_scan():
    row = {"seconds_per_update_per_replica": 1e-3, "floor_s": 1e-4}
    speed = pd.DataFrame(
        [
            {"engine": engine, "task": task, "replicas": r} | row
            for task in tasks.TASKS
            for engine in tasks.ENGINES[tasks.task(task).options["family"]]
            for r in (1, 5)
        ]
    )
    growth = pd.DataFrame(
        [{"engine": "light_cone", "task": task, "replicas": 5} | row for task in tasks.GROWTH]
    )
    drawn = figure.draw(speed=speed, growth=growth, looks=Looks({}, {}, {}, {}))
    panels = [axis for axis in drawn.axes if axis.lines]
    assert len(panels) == len(tasks.TASKS) + 3
    assert {len(axis.lines) for axis in panels[5:]} == {2, 4}


def test_ratios_are_to_the_projects_own_engine():
    rows = [
        {
            "engine": "one_by_one",
            "task": "mlp_xxz",
            "replicas": 5,
            "seconds_per_update_per_replica": 6e-3,
        },
        {
            "engine": "project",
            "task": "mlp_xxz",
            "replicas": 5,
            "seconds_per_update_per_replica": 2e-3,
        },
    ]
    speed = pd.DataFrame(rows).assign(floor_ratio=[np.nan, 1.5])
    assert list(ratios(speed)) == [
        "mlp_xxz, 5 replicas: 2e+03 µs, 1.5 times the floor; 3 times faster than one_by_one"
    ]
