"""Compare the accuracies of this study with the published ones, point by point, and say which runs are identical."""

from qunlearn.job import job

with job("table reproduction", snakemake) as progress:
    from qunlearn import reproduction, tables

    p = snakemake.params
    resilience, published = (tables.read_csv(path) for path in (snakemake.input.resilience, *snakemake.input.published))
    frame = reproduction.compare(resilience, published, p.margin, p.level)
    tables.write_csv(frame, snakemake.output[0])
    for name, table in (("own", resilience), ("published", published)):
        progress.line(f"identical {name} runs: {'; '.join(reproduction.identical_runs(table)) or 'none'}")
    counts = ", ".join(f"{count} {name}" for name, count in frame["verdict"].value_counts().items())
    progress(1, f"{len(frame)} points: {counts or 'no dataset in common'}")
