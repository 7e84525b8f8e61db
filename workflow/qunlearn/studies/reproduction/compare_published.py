"""Compare the accuracies of this study with the published ones, point by point, and say which runs
are identical. Inputs: both tables. Output: CSV."""

from qunlearn.runtime.job import job

with job("table reproduction", snakemake) as progress:
    from qunlearn.results.csv import read_csv, write_csv
    from qunlearn.studies.reproduction.compare import compare, identical_runs
    from qunlearn.studies.reproduction.published import check_common, read_published

    params = snakemake.params
    ours, published = (
        read_csv(snakemake.input.resilience),
        read_published(snakemake.input.published),
    )
    check_common(published, ours, snakemake.input.published)
    frame = compare(ours, published, params.margin, params.level)
    write_csv(frame, snakemake.output[0])
    for name, table in (("own", ours), ("published", published)):
        progress.line(f"identical {name} runs: {'; '.join(identical_runs(table)) or 'none'}")
    counts = frame["verdict"].value_counts().items()
    found = ", ".join(f"{count} {name}" for name, count in counts)
    progress(1, f"{len(frame)} points: {found}")
