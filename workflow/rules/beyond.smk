# Controls and open questions of the paper: `snakemake beyond`, or one by its file.


rule beyond:
    input:
        [grid.figure("figS_controls")] if grid.controls() else [],
        [grid.figure(f"figX_{name}") for name in config["beyond"]["figures"]],
