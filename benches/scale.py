#!/usr/bin/env python3
"""Time and memory of whole comparisons on large inputs.

usage: benches/scale.py DATA [RUNS]

DATA holds go/go{1k,10k,100k}.{base,head}.txt, pytest/py{1000,10000}.raw.{base,head}.json and
crit/crit{1000,5000}/criterion with `base` and `new`. Builds perfgate in release mode first (CARGO_TARGET_DIR is
honoured), then prints, for each case, minimum / median / maximum over RUNS (default 5) runs after one warm-up:
wall and cpu seconds of the whole process, and peak memory, as the operating system counts them. `--pair` rows also
give the ratio to a reference run right after each run, because shared machines drift.
"""
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def once(command):
    """Runs a command; gives its wall and cpu seconds, its peak memory in MiB, and its exit code."""
    start = time.monotonic()
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode


def spread(values, form):
    values = sorted(values)
    return " / ".join(form % v for v in (values[0], values[len(values) // 2], values[-1]))


def measure(title, command, runs, limits, reference=None):
    once(command)
    rows, ratios = [], []
    for _ in range(runs):
        rows.append(once(command))
        if reference:
            ratios.append(rows[-1][0] / once(reference)[0])
    wall, cpu, memory, codes = zip(*rows)
    print(f"{title:32} wall {spread(wall, '%.3f'):23} cpu {spread(cpu, '%.3f'):23} MiB {spread(memory, '%.0f'):15} "
          f"exit {sorted(set(codes))}  asked: {limits}")
    if reference:
        print(f"{'':32} wall / reference {spread(ratios, '%.2f')}   ({' '.join(map(os.path.basename, reference[:1]))})")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    data, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 5
    subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", "--bin", "perfgate", "--example", "read_files"],
                   cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    perfgate = os.path.join(target, "release", "perfgate")
    read_files = os.path.join(target, "release", "examples", "read_files")

    def compare(a, b):
        return [perfgate, "compare", "--isolated", os.path.join(data, a), os.path.join(data, b)]

    measure("--version", [perfgate, "--version"], runs * 4, "wall 0.005")
    for size, limits in (("1k", "-"), ("10k", "cpu 0.25, 80 MiB"), ("100k", "cpu 2.5, 600 MiB")):
        measure(f"Go {size} x 10", compare(f"go/go{size}.base.txt", f"go/go{size}.head.txt"), runs, limits)
    for size, limits in ((1000, "-"), (10000, "cpu 0.3, 150 MiB")):
        measure(f"pytest-benchmark {size}, raw", compare(f"pytest/py{size}.raw.base.json", f"pytest/py{size}.raw.head.json"),
                runs, limits)
    for size, limits in ((1000, "-"), (5000, "wall 1.5 x reference")):
        tree = os.path.join("crit", f"crit{size}", "criterion")
        measure(f"Criterion {size}, samples", compare(tree + "@base", tree), runs, limits,
                [read_files, os.path.join(data, tree)])


main()
