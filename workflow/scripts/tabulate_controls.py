"""Gather all controls beside their bases. Inputs: datasets, and training and unlearning files by the abscissa they are
drawn against. Outputs: the runs, and each control's effect on the decisive number with its interval and verdict."""

from qunlearn.job import job

with job("table controls", snakemake) as progress:
    from qunlearn import claims, tables

    p = snakemake.params
    cells = {name: list(snakemake.input.get(name, [])) for name in ("alpha", "updates", "step")}
    alpha = p.settings["alpha"]
    frame = tables.controls(p.controls, cells, snakemake.input.data, p.alphas, alpha, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output.controls)
    effects = claims.control_effects(frame, p.controls, p.settings, **p.statistics)
    tables.write_csv(effects, snakemake.output.effects)
    counts = effects["verdict"].value_counts()
    progress(1, ", ".join(f"{count} {name}" for name, count in counts.items()))
