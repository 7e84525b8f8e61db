"""Variables that a user may have exported: they change no number, or are one sentence in the job's log."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from project import ROOT
from qunlearn.runtime import surroundings
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.job import job

#: A job with random numbers, a product of matrices, a division by zero, and the compiled loops.
JOB = """
import sys
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
from qunlearn.runtime.job import configure_jax, job
called = {"log": [sys.argv[2]], "resources": {"attempt": 1}, "params": {}, "input": [], "output": []}
with job("work", SimpleNamespace(**called)):
    configure_jax("single", None, 1)
    import jax
    import jax.numpy as jnp
    from qunlearn.quantum import foreign
    from qunlearn.runtime.surroundings import surroundings
    assert foreign.available()
    drawn = jax.random.normal(jax.random.key(7), (300, 300))
    print(drawn.dtype, (drawn @ drawn / jnp.sqrt(drawn)).sum(), jnp.exp(drawn).sum())
    print(surroundings()["jax"])
"""


def run(folder, **exported):
    """(exit code, output, log) of the job in a folder, with these variables."""
    command = [sys.executable, "-c", JOB, str(ROOT / "workflow"), "job.log"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder.parent / "numba")} | exported
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, (folder / "job.log").read_text(encoding="utf-8")


CHANGING = {
    "JAX_ENABLE_X64": "1",
    "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
    "JAX_DEFAULT_PRNG_IMPL": "rbg",
    "JAX_THREEFRY_PARTITIONABLE": "0",
    "JAX_RANDOM_SEED_OFFSET": "3",
    "JAX_DISABLE_JIT": "1",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "JAX_DEBUG_NANS": "1",
    "JAX_DEBUG_INFS": "1",
    "JAX_NUMPY_DTYPE_PROMOTION": "strict",
    "JAX_NUMPY_RANK_PROMOTION": "raise",
    "JAX_TRANSFER_GUARD": "disallow",
    "JAX_CHECK_TRACER_LEAKS": "nonsense",
    "NUMBA_DISABLE_JIT": "1",
    "NUMBA_OPT": "0",
    "NUMBA_CPU_NAME": "generic",
    "NPROC": "nonsense",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true --xla_cpu_enable_fast_min_max=true "
    "--xla_cpu_multi_thread_eigen=true",
    "NVIDIA_TF32_OVERRIDE": "1",
}


@pytest.mark.long
def test_variables_change_no_number(tmp_path):
    for name in ("plain", "exported"):
        (tmp_path / name).mkdir()
    (tmp_path / "exported/.numba_config.yaml").write_text("disable_jit: 1\nopt: 0\n")
    plain = run(tmp_path / "plain")
    assert plain[0] == 0 and "float32" in plain[1]
    code, output, _ = run(tmp_path / "exported", **CHANGING)  # its log tells seconds
    assert (code, output) == plain[:2]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JAX_PLATFORMS", "cuda", "no device to run on, with JAX_PLATFORMS=cuda"),
        ("JAX_PLATFORMS", "nonsense", "no device to run on, with JAX_PLATFORMS=nonsense"),
        ("XLA_FLAGS", "--xla_nonsense", "Unknown flag in XLA_FLAGS: --xla_nonsense"),
        ("XLA_FLAGS", "--xla_backend_optimization_level=high", "stops XLA"),
        ("XLA_FLAGS", "no_such_file", "neither a list of flags nor a file with them"),
    ],
)
def test_what_stops_jax_is_one_sentence(name, value, words, tmp_path):
    """And a retry stops at once with the same words."""
    if value == "cuda" and "cuda" in os.environ.get("JAX_PLATFORMS", "cpu"):
        pytest.skip("there is a GPU")
    code, _, log = run(tmp_path, **{name: value})
    assert code == 1
    assert len(log.splitlines()) == 1 and log.startswith("work | error: ") and words in log
    again = {"log": [str(tmp_path / "job.log")], "resources": {"attempt": 2}}
    again = SimpleNamespace(**again, params={}, input=[], output=[])
    with pytest.raises(SystemExit), job("work", again):
        pytest.fail("the work was done again")


@pytest.fixture
def exported(monkeypatch):
    """An environment of the test's own."""
    environment = {"PATH": os.environ["PATH"]}
    monkeypatch.setattr(os, "environ", environment)
    return environment


def test_a_job_meets_only_variables_that_say_where_it_runs(exported):
    exported |= CHANGING | {"XLA_FLAGS": "", "JAX_PLATFORMS": "cpu", "JAX_LOG_COMPILES": "1"}
    exported |= {"NUMBA_CACHE_DIR": "/somewhere", "JAX_AN_OPTION_TO_COME": "1"}
    surroundings.shield(1)
    assert exported.keys() - {"PATH", "PYTEST_CURRENT_TEST"} == {
        "JAX_PLATFORMS", "JAX_LOG_COMPILES", "NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "NUMBA_OPT", "NPROC", "XLA_FLAGS",
        surroundings.MEMORY_OF_A_GPU[0],
    }  # fmt: skip
    assert exported["NUMBA_DISABLE_JIT"] == "0" and exported["NPROC"] == "1"
    assert exported["XLA_FLAGS"] == f"{surroundings.UNTUNED} {surroundings.ONE_THREAD}"
    surroundings.shield(2)
    assert exported["XLA_FLAGS"] == surroundings.UNTUNED and exported["NPROC"] == "2"


def test_a_users_flags_of_xla_stay_and_are_recorded(exported, monkeypatch, tmp_path):
    tried = []
    monkeypatch.setattr(surroundings, "try_flags", tried.append)
    (tmp_path / "flags").write_text("--xla_a=1\n--xla_cpu_enable_fast_math=true\n")
    exported["XLA_FLAGS"] = str(tmp_path / "flags")
    surroundings.shield(1)
    assert tried == [["--xla_a=1"]]
    assert exported["XLA_FLAGS"] == f"--xla_a=1 {surroundings.UNTUNED} {surroundings.ONE_THREAD}"
    found = surroundings.surroundings()
    assert found["exported"]["XLA_FLAGS"] == exported["XLA_FLAGS"]
    assert not {"PATH", "NUMBA_CACHE_DIR"} & found["exported"].keys()
    assert found["jax"]["jax_default_prng_impl"] == "threefry2x32"


def test_a_user_may_have_products_tuned_on_a_gpu(exported, monkeypatch):
    monkeypatch.setattr(surroundings, "try_flags", lambda flags: None)
    exported["XLA_FLAGS"] = "--xla_gpu_autotune_level=4"
    surroundings.shield(2)
    assert exported["XLA_FLAGS"] == "--xla_gpu_autotune_level=4"


def test_a_process_that_is_started_by_a_job_tries_no_flags_of_the_jobs(exported, monkeypatch):
    surroundings.shield(1)
    monkeypatch.setattr(surroundings, "try_flags", lambda flags: pytest.fail(f"tries {flags}"))
    surroundings.shield(1)


def test_a_file_of_flags_that_is_none(exported, tmp_path):
    (tmp_path / "flags").write_bytes(b"\xff\xfe")
    exported["XLA_FLAGS"] = str(tmp_path / "flags")
    with pytest.raises(UserError, match="neither a list of flags nor a file with them"):
        surroundings.shield(1)


def test_options_that_are_pinned_exist():
    """JAX may rename them: then they have to be looked for."""
    import jax

    assert not set(surroundings.JAX) - jax.config.values.keys()
