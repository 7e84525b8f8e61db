"""Poisoning and unlearning in quantum and classical neural networks.

The library never imports snakemake; every function takes plain arguments, so a notebook can call it as a rule does.
What a part of your own needs is here: `from qunlearn import UnlearningMethod, option`.
"""

from importlib import import_module

__version__ = "0.3.0"

#: Name -> module that defines it, imported at first use: planning and notebooks pay for what they ask for.
_PUBLIC = {
    "Backdoor": "qunlearn.parts.corruptions",
    "Circuit": "qunlearn.parts.circuits",
    "Corruption": "qunlearn.parts.corruptions",
    "Dataset": "qunlearn.parts.datasets",
    "FittedModel": "qunlearn.parts.models",
    "Model": "qunlearn.parts.models",
    "Source": "qunlearn.parts.datasets",
    "StatefulModel": "qunlearn.parts.models",
    "Study": "qunlearn.studies.study",
    "UnlearningMethod": "qunlearn.parts.methods",
    "balanced_order": "qunlearn.parts.corruptions",
    "option": "qunlearn.parts.part",
    "ranked_order": "qunlearn.parts.corruptions",
    "squared_distance": "qunlearn.parts.methods",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'qunlearn' has no attribute '{name}'")
