"""Gather the runs of every size into the table 'scaling', fit each size's transition ('scaling_fits'), and the exponent
of its width ('scaling_exponents')."""

from qunlearn.job import job

with job("table scaling", snakemake) as progress:
    from qunlearn import scaling, tables

    p = snakemake.params
    runs = tables.resilience(snakemake.input.cells, snakemake.input.data, p.alphas, p.seeds, p.margin)
    runs = scaling.sized(runs, p.cases)
    fits, exponents = scaling.transitions(runs, p.confidence, p.resamples)
    tables.write_csv(runs.assign(rescaled_alpha=scaling.rescaled(runs, fits, exponents)), snakemake.output.runs)
    tables.write_csv(fits, snakemake.output.fits)
    tables.write_csv(exponents, snakemake.output.exponents)
    progress(1, f"{int((fits['status'] == 'resolved').sum())} of {len(fits)} transitions resolved")
