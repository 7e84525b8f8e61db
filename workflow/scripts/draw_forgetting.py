"""Draw Fig. S "forgetting". Input: the table of all unlearning runs. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S forgetting", snakemake):
    from qunlearn import tables
    from qunlearn.plots import forgetting, style

    p = snakemake.params
    table = tables.read_csv(snakemake.input[0])
    figure = forgetting.draw(table, p.cases, p.alphas, p.extras, p.models, p.methods, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
