"""From independent runs to numbers with intervals, and to verdicts."""
