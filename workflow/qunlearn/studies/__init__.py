"""Studies: one folder per question. What it needs of the pipeline, computes, tabulates, draws and claims."""
