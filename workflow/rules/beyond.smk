# Open questions of the paper: `snakemake beyond`, or one by `snakemake results/figs/figX_NAME.pdf`.


rule beyond:
    input:
        [grid.figure(f"figX_{name}") for name in config["beyond"]["figures"]],
