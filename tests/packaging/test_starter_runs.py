"""Making the starter model takes hours: its runs give way, end when asked, and leave nothing."""

import argparse
import os
import signal
import subprocess
import sys

import torch
import train_denoiser
from cores import threads
from learner import Budget, with_run

CPU = torch.device("cpu")


def test_a_run_that_is_asked_to_end_does_so_after_its_step():
    budget = Budget(60, None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        budget.end_when_asked()
        assert budget.used(0) < 1
        os.kill(os.getpid(), signal.SIGTERM)
        assert budget.used(0) >= 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_run_takes_the_cores_that_others_leave():
    assert [threads(2, used) for used in (0.0, 0.2, 0.9, 1.8)] == [2, 2, 1, 1]
    assert threads(8, 3.1) == 5


def test_painting_processes_end_with_the_one_that_was_killed():
    script = "from painter import *; print(workers(1).submit(os.getpid).result(), flush=True)"
    script = f"if __name__ == '__main__':\n {script}; time.sleep(600)"
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert int(parent.stdout.readline()) != parent.pid
        parent.kill()
        parent.communicate(timeout=60)  # the workers hold the other end as long as they live


def test_runs_on_one_device_count_as_one():
    budget = Budget(1, None)
    before = [{"device": "another", "seconds": 5, "samples": 2}]
    for samples in (3, 4):
        before = with_run(before, CPU, budget, samples)
    assert [run["samples"] for run in before] == [2, 7]


def test_what_trains_badly_on_a_cpu_is_refused_before_anything_is_read(monkeypatch, capsys):
    monkeypatch.setattr(train_denoiser, "pick_device", lambda: CPU)
    parser = argparse.ArgumentParser()
    train_denoiser.add_arguments(parser)
    assert train_denoiser.run(parser.parse_args(["--compile"])) == 2
    assert "for GPUs" in capsys.readouterr().out


def test_a_stage_more_needs_weights_to_put_it_around(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    train_denoiser.add_arguments(parser)
    assert train_denoiser.run(parser.parse_args(["--deeper", "--out", str(tmp_path)])) == 2
    assert "name --start" in capsys.readouterr().out
