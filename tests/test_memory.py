"""What runs together is bounded by memory, and what a cell gets does not depend on it."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from project import QNN
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.parts.datasets import Dataset
from qunlearn.training import memory, minimise, replicas
from qunlearn.training.replicas import of_all, replicas_together
from qunlearn.training.schedule import Schedule

MIB = 2**20
MODELS = {"qnn": QNN, "mlp": {"family": "mlp", "hidden": [8]}}


# -- how much there is -----------------------------------------------------------------------------
def host(folder, available, groups="", **files):
    """A file system's root; `files` below /sys/fs/cgroup, with / written as __."""
    files = {f"sys/fs/cgroup/{name.replace('__', '/')}": text for name, text in files.items()}
    files["proc/meminfo"] = f"MemTotal: 99999999 kB\nMemAvailable: {available // 1024} kB\n"
    files["proc/self/cgroup"] = groups
    for name, text in files.items():
        path = folder / name.replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(text))
    return folder


def version_2(folder, limit):
    return {
        f"{folder}memory_DOT_max": limit,
        f"{folder}memory_DOT_current": 30 * MIB,
        f"{folder}memory_DOT_stat": f"anon 5\ninactive_file {10 * MIB}\n",
    }


def version_1(folder, limit):
    return {
        f"memory__{folder}memory_DOT_limit_in_bytes": limit,
        f"memory__{folder}memory_DOT_usage_in_bytes": 30 * MIB,
        f"memory__{folder}memory_DOT_stat": f"cache 5\ntotal_inactive_file {10 * MIB}\n",
    }


@pytest.mark.parametrize(
    ("groups", "files", "free"),
    [
        ("", {}, 500),
        ("0::/job/step\n", version_2("job__step__", 100 * MIB), 80),
        ("0::/job/step\n", version_2("job__", 100 * MIB) | version_2("job__step__", "max"), 80),
        ("0::/outside\n", version_2("", 100 * MIB), 80),  # a container sees itself as the root
        ("0::/\n", version_2("", 9000 * MIB), 500),
        ("0::/\n", version_2("", 10 * MIB), 0),  # more in use than allowed
        ("4:cpu,memory:/job\n1:cpu:/\n", version_1("job__", 100 * MIB), 80),
        ("4:memory:/outside\n0::/\n", version_1("", 100 * MIB), 80),
        ("4:memory:/job\n", version_1("job__", 2**63 - 4096), 500),
    ],
)
def test_the_hosts_memory_is_what_limits_on_it_leave(groups, files, free, tmp_path):
    assert memory.host_memory(host(tmp_path, 500 * MIB, groups, **files)) == free * MIB


def test_a_system_that_says_nothing_has_all_it_has(tmp_path):
    assert memory.host_memory(tmp_path) > 100 * MIB
    assert memory.host_memory() > 0


def test_a_device_tells_how_much_is_free(monkeypatch):
    stats = {"bytes_limit": 1000, "bytes_in_use": 200}
    monkeypatch.setattr(memory, "device", lambda: SimpleNamespace(memory_stats=lambda: stats))
    assert memory.budget() == 720
    monkeypatch.setattr(memory, "device", lambda: SimpleNamespace(memory_stats=lambda: None))
    monkeypatch.setattr(memory, "host_memory", lambda: 1000)
    assert memory.budget() == 1000


# -- how many run together -------------------------------------------------------------------------
def test_on_an_accelerator_all_run_together_and_on_a_cpu_a_fixed_number():
    assert replicas_together("cuda", 1000, 50, (8, 64)) == 50
    assert [replicas_together("cpu", 1000, n, (8, 64)) for n in (3, 50, 100)] == [8, 50, 50]
    assert [replicas_together("cpu", 1000, n) for n in (3, 50)] == [10, 10]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y, where = np.arange(400) % 2, np.full(400, np.nan)
    return Dataset("dots", x[:100], y[:100], x[100:], y[100:], ("a", "b"), where[:100], where[100:])


@pytest.fixture
def ran(monkeypatch):
    """(replicas, rows at once) of every runner that was tried."""
    found = []

    class Runner(minimise._Runner):
        def __init__(self, model, workload, plan, lanes, rows=None):
            super().__init__(model, workload, plan, lanes, rows)
            found.append((lanes, rows))

    monkeypatch.setattr(minimise, "_Runner", Runner)
    return found


def trained(data, name, count=20):
    jax.config.update("jax_enable_x64", False)
    cells = [Cell(0.3, seed) for seed in range(count)]
    problem = Problem(data, name, MODELS[name], "label_flipping", range(count))
    found = train(problem, cells, Schedule(2, 16, 0.05))
    return jax.tree.leaves((found.params, found.learning_curves))


def sized(monkeypatch):
    """The bytes that every program was found to need."""
    found = []

    def needed(program):
        found.append(memory.needed(program))
        return found[-1]

    monkeypatch.setattr(minimise, "needed", needed)
    return found


def bounded(monkeypatch, most, platform="cpu"):
    one = SimpleNamespace(platform=platform)
    for module in (minimise, replicas, memory):
        monkeypatch.setattr(module, "budget", lambda: most)
        monkeypatch.setattr(module, "device", lambda: one)


@pytest.mark.parametrize("name", MODELS)
def test_on_a_cpu_memory_changes_no_bit(name, data, ran, monkeypatch):
    """What runs together is the same with plenty and with just enough; with less it does not begin."""
    sizes = sized(monkeypatch)
    bounded(monkeypatch, 10**12)
    plenty = trained(data, name)
    (size,) = sizes
    assert 0 < size < 100 * MIB
    bounded(monkeypatch, size)
    enough = trained(data, name)
    jax.tree.map(np.testing.assert_array_equal, enough, plenty)
    assert ran[0] == ran[1]
    bounded(monkeypatch, size - 1)
    with pytest.raises(MemoryError, match=r"models .* need .* GiB are free: give the job more"):
        trained(data, name)


@pytest.mark.parametrize(
    "name",
    [name if name == "qnn" else pytest.param(name, marks=pytest.mark.long) for name in MODELS],
)
def test_on_an_accelerator_replicas_give_way_first_and_then_rows(name, data, ran, monkeypatch):
    """The programs run on the CPU here; the numbers are the same to rounding."""
    bounded(monkeypatch, 10**12, "cuda")
    plenty = trained(data, name, 4)
    assert ran == [(4, None)]
    bounded(monkeypatch, 1, "cuda")
    little = trained(data, name, 4)
    assert ran[-1] == (1, 64)
    for a, b in zip(little, plenty):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_programs_fit_into_what_there_is(data, ran, monkeypatch):
    """Some replicas, where not all fit: fewer than there are, more than one."""
    bounded(monkeypatch, 10**12, "cuda")
    sizes = sized(monkeypatch)
    trained(data, "mlp", 4)
    bounded(monkeypatch, sizes[0] - 1, "cuda")
    trained(data, "mlp", 4)
    assert 1 < ran[-1][0] < 4 and sizes[-1] < sizes[0]


def test_all_are_asked_in_parts_that_fit(monkeypatch):
    def product(pool, vector):
        return pool @ vector

    pool, vectors = np.arange(12.0).reshape(3, 4), np.arange(20.0).reshape(5, 4)
    for platform in ("cpu", "cuda"):
        bounded(monkeypatch, 1, platform)
        np.testing.assert_allclose(of_all(product, pool, vectors), vectors @ pool.T)
