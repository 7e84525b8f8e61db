"""Compare the runs of this study with the published ones, number by number, and say which runs are
identical. Inputs: the authors' tables that are at hand, and this study's beside them. Output:
CSV."""

from qunlearn.runtime.job import job

with job("table reproduction", snakemake) as progress:
    from qunlearn.results.csv import read_csv, write_csv
    from qunlearn.studies.reproduction.compare_all import compare_all, in_words, read_pairs

    params = snakemake.params
    files = {name: snakemake.input.get(name) for name in snakemake.input.keys()}
    pairs = read_pairs(files, read_csv)
    frame, lines = compare_all(pairs, params.margin, params.factor, params.level, params.replaced)
    write_csv(frame, snakemake.output[0])
    for line in lines:
        progress.line(line)
    progress(1, in_words(frame))
