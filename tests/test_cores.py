"""How long a run would take on other numbers of cores."""

import json
import re
import subprocess
import sys
from base64 import urlsafe_b64encode

import jax
import numpy as np
import pytest

from project import ROOT, plan
from qunlearn.grid.grid import LONGEST
from qunlearn.results.datasets import write_dataset
from qunlearn.runtime.clock import Clock, covered, read, together
from qunlearn.runtime.cores import Job, recorded, seconds_on
from qunlearn.runtime.job import Progress


def job(seconds, *inputs, output):
    return Job("rule", seconds, frozenset(inputs), frozenset([output]))


def test_a_job_waits_for_its_input_and_the_longest_goes_first():
    data = job(1, output="data")
    models = [job(seconds, "data", output=f"model{seconds}") for seconds in (2, 3, 4)]
    table = job(1, "model2", "model3", "model4", output="table")
    jobs = [data, *models, table]
    assert seconds_on(jobs, 1) == 11
    assert seconds_on(jobs, 2) == 1 + 5 + 1  # 4 beside 3 and then 2
    assert seconds_on(jobs, 3) == seconds_on(jobs, 99) == 1 + 4 + 1


def test_what_no_job_writes_is_there():
    assert seconds_on([job(2, "from elsewhere", output="a"), job(3, output="b")], 2) == 3
    assert seconds_on([], 4) == 0


def record(folder, output, end, inputs=(), start=0.0):
    name = urlsafe_b64encode(output.encode()).decode()
    path = folder / ".snakemake/metadata" / f"@{name[:8]}" / name[8:]
    path.parent.mkdir(parents=True, exist_ok=True)
    words = {"rule": "r", "input": list(inputs), "log": ["l"], "starttime": start, "endtime": end}
    path.write_text(json.dumps(words))
    (folder / output).parent.mkdir(exist_ok=True)
    (folder / output).touch()


def test_records_of_a_folder_are_jobs(tmp_path):
    record(tmp_path, "results/data.h5", 1.5)
    record(tmp_path, "results/fig.pdf", 4.0, ["results/data.h5"], start=2.0)
    record(tmp_path, "results/fig.png", 4.0, ["results/data.h5"], start=2.0)
    record(tmp_path, "elsewhere/data.h5", 9.0)
    (tmp_path / "results/data.h5").touch()
    jobs = recorded(tmp_path, tmp_path / "results")
    assert sorted(job.seconds for job in jobs) == [1.5, 2.0]
    assert max(len(job.outputs) for job in jobs) == 2
    assert seconds_on(jobs, 8) == 3.5
    (tmp_path / "results/data.h5").unlink()  # removed since
    assert seconds_on(recorded(tmp_path, tmp_path / "results"), 8) == 2.0


def test_the_script_says_that_nothing_ran(tmp_path):
    script = ROOT / "workflow/scripts/estimate_time.py"
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 1 and "no record of jobs" in done.stderr


def time_training(folder, *config):
    """What the script that trains everything in one process answers, in a folder of results."""
    script = ROOT / "workflow/scripts/time_training.py"
    options = ["--directory", folder, "--config", "datasets=[digits]", *config]
    return subprocess.run([sys.executable, script, *options], capture_output=True, encoding="utf-8")


def test_training_is_not_timed_without_data(tmp_path):
    done = time_training(tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "results/data/digits.h5 is not there: let Snakemake make it first, with the same options.\n"
    )


@pytest.mark.long
def test_training_is_timed_in_one_process(tmp_path, digits):
    (tmp_path / "results/data").mkdir(parents=True)
    write_dataset(tmp_path / "results/data/digits.h5", digits, {})
    fewer = "alphas=[0]", "seeds=[0, 1]", "models=[qnn]", "training={digits: {qnn: {epochs: 2}}}"
    done = time_training(tmp_path, *fewer)
    assert done.returncode == 0, done.stderr
    assert "digits/qnn/label_flipping: 2 models in " in done.stdout
    assert re.search(r"^all: [\d.]+ s; start ", done.stdout, re.M)


# -- where a job's time goes -----------------------------------------------------------------------
def test_programs_that_are_made_inside_others_count_once():
    assert covered([]) == 0
    assert covered([(0, 4), (1, 2), (3, 5), (7, 8)]) == 6


def test_a_log_tells_what_its_job_spent(tmp_path):
    clock, log = Clock(), tmp_path / "job.log"
    progress = Progress("train", log)
    clock.starts_now()
    clock.watch_compilation()
    jax.jit(lambda x: 3 * x + 1)(np.ones(7)).block_until_ready()
    progress.note(str(clock.spent()))
    spent = read(log)
    assert spent.start > 0 and spent.compilation > 0 and spent.work >= 0
    assert spent.programs == 1
    silent = tmp_path / "silent.log"
    silent.write_text("train | 100 % | done\n")
    assert read(silent) is None
    number, sums = together([log, silent, log])
    assert number == 2 and sums == tuple(2 * value for value in spent)


# -- blocks that are sized by cost -----------------------------------------------------------------
def test_costly_cells_are_spread_over_jobs_and_cheap_ones_share_one():
    grid = plan().grid
    for model in ("qnn", "mlp"):
        cheap = grid.train_blocks("xxz", model, "label_flipping", grid.alphas)
        assert cheap == [grid.alphas]
    for model, corruption in (("mlp", "feature_randomization"), ("qnn_depth8", "label_flipping")):
        blocks = grid.train_blocks("xxz", model, corruption, grid.alphas)
        assert len(blocks) > 1 and sum(blocks, ()) == grid.alphas
        for block in blocks:
            seeds = len(grid.seeds_of("xxz", model, corruption))
            operations = seeds * len(block) * grid.operations("xxz", model, corruption)
            assert operations <= LONGEST or len(block) == 1
            name = f"{block[0]:.2f}-{block[-1]:.2f}" if len(block) > 1 else f"{block[0]:.2f}"
            assert grid.parse_alphas(name) == block


@pytest.mark.parametrize("alphas", [(), (0.3,), (0.0, 0.1, 0.2)])
def test_blocks_of_any_alphas_hold_each_once(alphas):
    grid = plan().grid
    assert sum(grid.train_blocks("xxz", "mlp", "label_flipping", alphas), ()) == alphas
    assert sum(grid.alpha_blocks(alphas), ()) == alphas
