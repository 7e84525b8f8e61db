"""The benchmark: engines that compute the same thing, and a floor that follows from the circuit and
the layers."""

import jax
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.plots.looks import Looks
from qunlearn.studies.benchmark import cones, engines, figure, floor, growth, laws, pauli, tasks
from qunlearn.studies.benchmark.engine import Inputs
from qunlearn.studies.benchmark.entrants import ENTRANTS, OWN
from qunlearn.studies.benchmark.perceptrons import one_by_one
from qunlearn.studies.benchmark.project import project
from qunlearn.studies.benchmark.table import COST, ratios
from qunlearn.training.packing import Packing

SMALL = {
    "qnn": tasks.Qnn(8, 2, 12, 4),
    "cone": tasks.Cone(tasks.Qnn(8, 2, 12, 4), evaluations=2),
    "mlp": tasks.Mlp(8, 12, 4, hidden=(5, 3)),
}
QUICK = ["project", "one_by_one", "scikit_learn", "tencirpauli", "pauli_prop"]


def engines_of_all_kinds():
    for kind, functions in engines.REGISTRY.items():
        for name in functions:
            quick = name in QUICK or (kind, name) == ("cone", "lightning")
            yield pytest.param(kind, name, marks=[] if quick else pytest.mark.long)


@pytest.mark.parametrize(("kind", "name"), list(engines_of_all_kinds()))
def test_an_engine_is_right_and_is_timed(kind, name):
    if not ENTRANTS[name].installed:
        pytest.skip(f"{ENTRANTS[name].package} is not installed: envs/rivals.txt")
    jax.config.update("jax_enable_x64", ENTRANTS[name].precision == "double")
    row = engines.measure(name, SMALL[kind], replicas=3, runs=2, seconds=0.2)
    assert row["error_of_logits"] < 1e-5
    assert (kind == "mlp") or row["error_of_derivative"] < 1e-5
    assert row["runs"] >= 1
    assert row["seconds_compile"] >= 0
    expected = row["seconds_run"] / row["updates"] / 3
    assert row["seconds_per_update_per_replica"] == pytest.approx(expected)


def test_an_engine_with_wrong_logits_is_not_timed(monkeypatch):
    def wrong(*arguments):
        right = project(*arguments)
        return right._replace(logits=lambda: right.logits() + 0.01)

    monkeypatch.setitem(engines.REGISTRY["mlp"], "project", wrong)
    with pytest.raises(ValueError, match="logits of 'project': off by 1"):
        engines.measure("project", SMALL["mlp"], replicas=1, runs=1, seconds=0.1)


def test_nor_is_one_with_wrong_derivatives(monkeypatch):
    def wrong(circuit):
        value, slopes = pauli.reference(circuit, cones.angles(circuit, 2, 1)[0, 0])
        return lambda theta: (value[0], slopes[::-1])

    monkeypatch.setitem(engines.REGISTRY["cone"], "light_cone", cones.one_by_one(wrong))
    with pytest.raises(ValueError, match="derivative of 'light_cone': off by"):
        engines.measure("light_cone", SMALL["cone"], replicas=1, runs=1, seconds=0.1)


def test_the_plain_loop_and_the_project_train_alike():
    """Same starting parameters, same order of minibatches: the same network after an epoch."""
    spec = SMALL["mlp"]
    inputs = Inputs(*tasks.data(spec))
    descent, _ = project(spec, inputs, 1, 3).compile()()
    plain, _ = one_by_one(spec, inputs, 1, 3).compile()()
    ours = Packing(plain).unpack(jax.tree.map(np.asarray, descent.now.params))
    for name, weight in plain.items():
        np.testing.assert_allclose(np.asarray(ours[name])[0], weight, atol=1e-9)


def rows_of(**options):
    here = plan(benchmark=configuration()["benchmark"] | options)
    return here.study("benchmark").rows(here)


@pytest.mark.parametrize("full", [False, True])
def test_every_row_of_the_tables_is_timed_once(full):
    rows = rows_of(full=full)
    own = "results/benchmarks/rows/light_cone"
    assert f"{own}/qnn_xxz/replicas50.json" in rows["speed"]
    assert f"{own}/chain8/replicas{200 if full else 50}.json" in rows["growth"]
    assert (f"{own}/samples100000/replicas200.json" in rows["growth"]) is full
    assert ("results/benchmarks/rows/contractor/qnn_mnist/replicas1.json" in rows["speed"]) is full
    everything = rows["speed"] + rows["growth"]
    assert len(set(everything)) == len(everything)


def test_the_far_ends_of_growth_can_be_had_alone():
    near, far, full = rows_of(), rows_of(far=True), rows_of(full=True)
    assert far["speed"] == near["speed"]
    added = {path.split("/")[-2] for path in set(far["growth"]) - set(near["growth"])}
    assert {"chain9", "chain10", "qubits20", "samples100000", "replicas10000"} <= added
    assert len(far["growth"]) == len(full["growth"])


def test_engines_whose_replicas_take_turns_are_timed_once():
    in_turn = [path for path in rows_of(full=True)["speed"] if "/statevector/" in path]
    assert sorted(path.split("/")[-2:] for path in in_turn) == [
        ["qnn_mnist", "replicas1.json"],
        ["qnn_xxz", "replicas1.json"],
    ]


def test_every_engine_that_enters_is_there_and_the_first_is_this_projects():
    for kind, functions in engines.REGISTRY.items():
        entrants = [name for name, one in ENTRANTS.items() if kind in one.kinds]
        assert set(entrants) <= set(functions)
        assert entrants[0] in OWN
    assert {task for one in ENTRANTS.values() for task in one.short} <= set(tasks.TASKS)
    assert not set(tasks.TASKS) & set(growth.GROWTH)


def test_rivals_that_are_not_installed_are_left_out(monkeypatch):
    absent = ENTRANTS["pauliprop"]._replace(package="no_such_package")
    monkeypatch.setitem(ENTRANTS, "pauliprop", absent)
    assert not [path for path in rows_of(full=True)["speed"] if "/pauliprop/" in path]


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


def test_work_of_a_cone_is_the_evolution_there_and_back():
    work = floor.cone_work(tasks.Cone(tasks.Qnn(8, 1, 12, 4)), None, replicas=1)
    assert work == (3 * 3 * 1.5 * 4, 4 * 2 * 3)


def test_the_machine_has_rates_and_the_floor_is_the_larger_time():
    machine = floor.machine()
    assert machine.flops > 1e8
    assert machine.bytes > 1e7
    assert floor.Work(10.0, 1.0).seconds(floor.Machine(5.0, 10.0)) == 2
    assert floor.Work(10.0, 100.0).seconds(floor.Machine(5.0, 10.0)) == 10


def speed_table(times):
    """A table of (engine, task, replicas) -> seconds."""
    names = ["engine", "task", "replicas"]
    rows = [dict(zip(names, key)) | {COST: seconds} for key, seconds in times.items()]
    return pd.DataFrame(rows).assign(floor_ratio=2.5)


def growth_table():
    rows = []
    for name, scan in growth.SCANS.items():
        for size in scan.sizes:
            row = {
                "engine": scan.engine,
                "task": f"{name}{size}",
                "replicas": 5,
                "flops": float(size),
            }
            rows.append(row | {COST: 1e-3, "floor_s": 1e-4, "peak_rss_mb": 500 + size})
    return pd.DataFrame(rows)


def test_the_figure_has_a_panel_per_kind_of_task_and_scan():
    times = {
        (engine, task, replicas): 1e-3
        for task, spec in tasks.TASKS.items()
        for engine, one in ENTRANTS.items()
        if spec.kind in one.kinds
        for replicas in ([1] if one.in_turn else [1, 5])
    }
    table = growth_table()
    drawn = figure.draw(
        speed=speed_table(times), growth=table, laws=laws.laws(table), looks=Looks({}, {}, {}, {})
    )
    assert len(drawn.axes) == 3 + len(figure.GROWTH)
    assert [len(axis.get_yticks()) for axis in drawn.axes[:3]] == [8, 6, 2]
    shown = {name for scans, _ in figure.GROWTH for name in scans}
    assert shown == set(growth.SCANS)


def test_ratios_are_to_the_projects_own_engine_and_the_nearest_rival_comes_first():
    times = {
        ("light_cone", "qnn_xxz", 1): 4e-6,
        ("light_cone", "qnn_xxz", 50): 2e-6,
        ("statevector", "qnn_xxz", 1): 8e-2,
        ("pauliprop", "qnn_xxz", 1): 5e-4,
        ("pauliprop", "qnn_xxz", 50): 2e-4,
    }
    assert list(ratios(speed_table(times))) == [
        "qnn_xxz, 50 replicas: 2 µs, 2.5 times the floor; 100 times faster than TensorCircuit-NG, "
        "Pauli propagation, 4e+04 times faster than TensorCircuit-NG, state vector"
    ]
