"""Poisoning and unlearning in quantum and classical neural networks: data, models, training, landscape, figures.

The library never imports snakemake; every function takes plain arguments, so a notebook can call it as a rule does.
"""

__version__ = "0.1.0"
