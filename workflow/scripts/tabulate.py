"""Make the tables of a study: its `tabulate`, given its input files and settings. Outputs: one CSV file per table."""

from qunlearn.runtime.job import configure_jax, job

with job(f"table {snakemake.params.study}", snakemake) as progress:
    from qunlearn.parts.registry import find
    from qunlearn.results.csv import stem, write_csv

    params = snakemake.params
    study = find("study", params.study)(**params.options)
    if study.precision:
        cache = snakemake.config["paths"]["compilation_cache"]
        configure_jax(study.precision, cache, snakemake.threads)
    inputs = {name: snakemake.input.get(name) for name in snakemake.input.keys()}
    inputs = {
        name: [files] if isinstance(files, str) else list(files) for name, files in inputs.items()
    }
    tables = study.tabulate(**inputs, **params.settings, progress=progress)
    for path in snakemake.output:
        write_csv(tables[stem(path)], path)
    main = tables[study.tables[0]]
    words = f"{len(main)} rows"
    if "collapsed" in main:
        words += f", {int(main['collapsed'].sum())} of them of collapsed runs"
    progress(1, words)
