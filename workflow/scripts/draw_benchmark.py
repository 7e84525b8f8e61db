"""Draw the benchmark's figure. Inputs: the speed and growth tables. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure benchmark", snakemake):
    from qunlearn import tables
    from qunlearn.plots import benchmark, style

    figure = benchmark.draw(tables.read_csv(snakemake.input.speed), tables.read_csv(snakemake.input.growth))
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
