"""Packages that nearly all jobs need and that take long: imported with this module, as by a job of one thread."""

import gc
import os
from contextlib import suppress
from importlib import import_module

from qunlearn.runtime.surroundings import import_jax, shield

PACKAGES = (
    "numba.np.arraymath",
    "h5py",
    "pandas",
    "matplotlib.pyplot",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.linear_model",
)
#: Of libraries of linear algebra, as Snakemake sets them for a job.
THREADS = ("OMP", "GOTO", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")

# What cannot be imported, or is set up wrongly, is reported by the job that needs it.
os.environ.update({f"{name}_NUM_THREADS": "1" for name in THREADS})
with suppress(Exception):
    shield(threads=1)
    import_jax()
for package in PACKAGES:
    with suppress(Exception):
        import_module(package)
with suppress(Exception):
    from numba import cfunc

    cfunc("void()")(lambda: None)  # Numba reads tables of its own before its first loop
gc.freeze()
