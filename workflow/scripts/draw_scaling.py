"""Draw Fig. X "scaling". Inputs: the tables of runs, fits and exponents. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure X scaling", snakemake):
    from qunlearn import tables
    from qunlearn.plots import scaling, style

    frames = (tables.read_csv(snakemake.input[name]) for name in ("runs", "fits", "exponents"))
    style.save(scaling.draw(*frames), snakemake.output.pdf, snakemake.output.png)
