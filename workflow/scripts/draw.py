"""Draw the figure of a study: its `draw`, given its tables and settings. Outputs: PDF, PNG and its tables, if any."""

from qunlearn.runtime.job import job

with job(f"figure {snakemake.params.study}", snakemake):
    from qunlearn.parts.registry import find
    from qunlearn.plots.looks import Looks
    from qunlearn.plots.style import save
    from qunlearn.results.csv import stem, write_csv
    from qunlearn.results.datasets import read_dataset

    params = snakemake.params
    study = find("study", params.study)(**params.options)
    given = {}
    for name in snakemake.input.keys():
        files = snakemake.input.get(name)
        if name == "data":
            files = [files] if isinstance(files, str) else files
            given[name] = [read_dataset(path) for path in files]
        else:
            path = files if isinstance(files, str) else files[0]
            given[name] = study.read_drawn(name, path)
    drawn = study.draw(**given, **params.settings, looks=Looks(**params.looks))
    figure, tables = drawn if study.draws_tables else (drawn, {})
    for path in snakemake.output:
        if stem(path) in tables and path.endswith(".csv"):
            write_csv(tables[stem(path)], path)
    save(figure, snakemake.output.pdf, snakemake.output.png)
