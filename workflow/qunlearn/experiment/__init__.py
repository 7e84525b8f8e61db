"""The study's own stages: a problem with its cells, training on poisoned data, unlearning."""
