"""Decide each claim of the paper. Inputs: the tables; the effects of controls and the published runs, if any. Outputs:
CSV and Markdown."""

from pathlib import Path

from qunlearn.job import job

with job("claims", snakemake) as progress:
    import pandas as pd

    from qunlearn import claims, store, tables
    from qunlearn.claims.page import markdown

    p = snakemake.params
    frames = {Path(path).stem: tables.read_csv(path) for path in snakemake.input.tables}
    published = tables.read_csv(snakemake.input.published[0]) if snakemake.input.published else None
    rows = claims.decide(frames, p.settings, p.architectures, p.replaced, published)
    rows = pd.concat([rows, *(tables.read_csv(path) for path in snakemake.input.controls)], ignore_index=True)
    tables.write_csv(rows, snakemake.output.csv)
    with store.replacing(snakemake.output.md) as temporary:
        temporary.write_text(markdown(rows, frames, p.settings["confidence"]))
    counts = rows["verdict"].value_counts()
    progress(1, ", ".join(f"{count} {name}" for name, count in counts.items()))
