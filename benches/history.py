#!/usr/bin/env python3
"""Time of a comparison with a history, whole process: 52 runs of N series each, five values a series.

usage: benches/history.py [RUNS]

Makes its inputs in a temporary folder, builds perfgate in release mode (CARGO_TARGET_DIR is honoured), and prints
minimum / median / maximum cpu seconds of `perfgate compare … --history` over RUNS (default 3) runs, beside the same
comparison with `--evidence none`, which reads the same files and estimates no noise. The difference is the judging.
"""
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def cpu(command):
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"{command} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def main():
    runs = int(sys.argv[1]) if len(sys.argv) == 2 else 3
    subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", "--bin", "perfgate"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    perfgate = os.path.join(target, "release", "perfgate")
    for series, asked in ((200, 0.020), (10000, 1.5)):
        with tempfile.TemporaryDirectory() as folder:
            rng = random.Random(1)
            for run in range(52):
                shift = rng.gauss(0, 0.02)
                with open(f"{folder}/run-{run}.txt", "w", encoding="utf-8") as out:
                    for i in range(series):
                        level = 100.0 * (i % 97 + 1) * (1 + shift + rng.gauss(0, 0.01))
                        for _ in range(5):
                            out.write(f"BenchmarkS{i:05} 1000 {level * (1 + abs(rng.gauss(0, 0.003))):.4f} ns/op\n")
            compare = [perfgate, "compare", "--isolated", f"{folder}/run-50.txt", f"{folder}/run-51.txt",
                       "--history", f"{folder}/run-[0-9].txt", "--history", f"{folder}/run-[1-4][0-9].txt"]
            with_noise = sorted(cpu(compare) for _ in range(runs))
            without = sorted(cpu([*compare, "--evidence", "none"]) for _ in range(runs))
            middle = runs // 2
            print(f"{series} series x 50 runs: cpu {with_noise[0]:.3f} / {with_noise[middle]:.3f} / {with_noise[-1]:.3f}, "
                  f"without the noise model {without[0]:.3f} / {without[middle]:.3f} / {without[-1]:.3f}, "
                  f"judging {with_noise[middle] - without[middle]:.3f} (asked: {asked})")


main()
