"""Decide each claim of the paper. Inputs: the tables; the effects of controls and the published
runs, if any. Outputs: CSV and Markdown."""

from qunlearn.runtime.job import job

with job("claims", snakemake) as progress:
    import pandas as pd

    from qunlearn.results.csv import read_csv, stem, write_csv
    from qunlearn.results.decisions import read_decisions
    from qunlearn.runtime.files import replacing
    from qunlearn.studies.claims.beside import read_theirs
    from qunlearn.studies.claims.claim import known_claims
    from qunlearn.studies.claims.criteria import Origin
    from qunlearn.studies.claims.decide import Settings, decide
    from qunlearn.studies.claims.page import markdown

    files, params, claims = snakemake.input, snakemake.params, known_claims()
    settings, origin = Settings(**params.settings), Origin(**params.origin)
    tables = {stem(path): read_csv(path) for path in files.tables}
    published = read_theirs(files.get("published", []), tables, settings.replaced)
    rows = decide(tables, claims, settings, published)
    effects = [read_decisions(path) for path in files.controls]
    rows = pd.concat([rows, *effects], ignore_index=True)
    rows["criteria_sha256"] = origin.sha256
    write_csv(rows, snakemake.output.csv)
    with replacing(snakemake.output.md) as temporary:
        page = markdown(rows, tables, claims, settings, origin)
        temporary.write_text(page, encoding="utf-8")
    counts = rows["verdict"].value_counts()
    progress(1, ", ".join(f"{count} {name}" for name, count in counts.items()))
