"""What surrounds a job beside its configuration: variables of JAX, XLA and Numba that a user may have exported.

Those that would change numbers, or stop a job half-way, do not reach it. The others are the user's affair, and are
recorded with results: `surroundings`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from qunlearn.runtime.caches import hidden
from qunlearn.runtime.errors import UserError

FAMILIES = ("JAX_", "NUMBA_", "XLA_")
#: Variables that say where a job runs and what it tells; all others of JAX and Numba are options of these.
LEFT = (
    "JAX_PLATFORMS",
    "JAX_PLATFORM_NAME",
    "JAX_CUDA_VISIBLE_DEVICES",
    "JAX_ROCM_VISIBLE_DEVICES",
    "JAX_LOGGING_LEVEL",
    "JAX_LOG_COMPILES",
    "JAX_DEBUG_LOG_MODULES",
    "JAX_EXPLAIN_CACHE_MISSES",
    "JAX_TRACEBACK_FILTERING",
    "NUMBA_CACHE_DIR",
    "NUMBA_DEBUG_CACHE",
)
#: Set, because a file in the working directory can set it too.
NUMBA = {"NUMBA_DISABLE_JIT": "0", "NUMBA_OPT": "3"}
#: Options of JAX that numbers depend on, beside the precision, at their values of this study.
JAX = {
    "jax_default_matmul_precision": "highest",  # on a GPU the default rounds factors to 10 bits
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_random_seed_offset": 0,
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
    "jax_disable_jit": False,
    "jax_disable_most_optimizations": False,
    "jax_debug_nans": False,
    "jax_debug_infs": False,
}
#: Words in names of XLA's flags that trade accuracy for speed.
LOOSE = ("fast_math", "fast_min_max")
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
#: On a GPU, unless the user has said how. XLA tries routines for every product and takes the fastest of the moment: a
#: program then compiles for 11 to 47 s in place of 2, and last digits depend on what was fastest.
UNTUNED = "--xla_gpu_autotune_level=0"
#: Unless the user has said how: a process that takes most of a GPU at its start leaves no memory to jobs beside it.
MEMORY_OF_A_GPU = "XLA_PYTHON_CLIENT_PREALLOCATE", "false"


def shield(threads: int) -> None:
    """Take away, before the first import of JAX and Numba, the variables that a job's numbers could depend on."""
    for name in list(os.environ):
        if name.startswith(("JAX_", "NUMBA_")) and name not in LEFT:
            del os.environ[name]
    os.environ.pop("NVIDIA_TF32_OVERRIDE", None)
    os.environ.update(NUMBA)
    os.environ["NPROC"] = str(threads)  # the size of XLA's thread pool
    os.environ.setdefault(*MEMORY_OF_A_GPU)
    flags = [flag for flag in given_flags() if not any(word in flag for word in LOOSE)]
    flags = [flag for flag in flags if flag not in (ONE_THREAD, UNTUNED)]
    if flags:
        try_flags(flags)
    if not any(flag.startswith(UNTUNED.partition("=")[0]) for flag in flags):
        flags = [*flags, UNTUNED]
    if threads == 1:
        flags = [*flags, ONE_THREAD]
    os.environ["XLA_FLAGS"] = " ".join(flags)


def given_flags() -> list[str]:
    """XLA's flags as they are exported: themselves, or the name of a file with them."""
    text = os.environ.get("XLA_FLAGS", "").strip()
    if text and not text.startswith("-"):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"XLA_FLAGS is neither a list of flags nor a file with them ({error}): unset it, or mend it."
            ) from None
    return text.split()


def try_flags(flags: list[str]) -> None:
    """Raises UserError for flags that XLA does not take: it would end this process at once."""
    command = [sys.executable, "-c", "import jax; jax.jit(lambda x: x + 1)(1.0)"]
    words = " ".join(flags)
    environment = os.environ | {"XLA_FLAGS": words, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        lines = done.stderr.splitlines()
        why = [line for line in lines if "flag" in line.lower()] or lines or ["XLA gives no reason"]
        raise UserError(
            f"XLA_FLAGS={words!r} stops XLA ({why[0].rpartition('] ')[2].strip()}): unset it, or take out what XLA "
            "does not know."
        )


def import_jax():
    """JAX without its paths in the cloud, which take a twentieth of a short job to import."""
    with hidden("etils.epath"):
        return import_module("jax")


def start_jax(precision: str):
    """The first device of JAX, whose options are pinned. Raises UserError where variables keep it from starting."""
    jax = import_jax()
    jax.config.update("jax_enable_x64", precision == "double")
    for name, value in JAX.items():
        if name in jax.config.values:
            jax.config.update(name, value)
    try:
        return jax.devices()[0]
    except Exception as error:  # whatever a device's driver, or JAX's own assertions, may raise
        why = (str(error).splitlines() or ["there is none"])[0]
        given = [
            f"{name}={os.environ[name]}" for name in LEFT if name in os.environ and "JAX" in name
        ]
        raise UserError(
            f"JAX finds no device to run on, with {', '.join(given) or 'nothing exported'} ({why}). Unset what names a "
            "device that is not here, or export JAX_PLATFORMS=cpu."
        ) from None


def surroundings() -> dict:
    """What a job's numbers might depend on beside its configuration: variables that are exported, JAX's options."""
    exported = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(FAMILIES) and name != "NUMBA_CACHE_DIR"
    }
    found = {"exported": exported}
    if jax := sys.modules.get("jax"):
        options = {name: jax.config.values.get(name) for name in ("jax_enable_x64", *JAX)}
        found["jax"] = {name: getattr(value, "value", value) for name, value in options.items()}
    return found
