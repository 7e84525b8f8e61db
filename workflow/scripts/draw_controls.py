"""Draw Fig. S "controls". Inputs: the runs and the effects of all controls. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S controls", snakemake):
    from qunlearn import tables
    from qunlearn.plots import controls, style

    p = snakemake.params
    frames = (tables.read_csv(path) for path in (snakemake.input.controls, snakemake.input.effects))
    style.save(controls.draw(*frames, p.controls, p.confidence), snakemake.output.pdf, snakemake.output.png)
