#!/usr/bin/env python3
"""Benchmarks of a scheduler, in the form of a project's own: one JSON file for each, in a folder for each run.

    benchmarks.py FOLDER

What the scheduler waits for (a solver, a database) is slept for, so that a run costs little and says nearly the same
each time. SLOW=1.4 waits 1.4 times as long and keeps more memory; NOW is the time that the results carry,
and QUICK=1 measures only three benchmarks.
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

SLOW = float(os.environ.get("SLOW", "1"))
NOW = os.environ.get("NOW") or datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def wait(seconds):
    time.sleep(seconds * SLOW)


def fill(residents, weeks):
    """A schedule by trial: the part that is computed."""
    chance = random.Random(1)
    return sum(chance.randrange(residents) for _ in range(residents * weeks * 20))


def schedule_generation():
    fill(25, 4)
    wait(8.0)


def rule_validation():
    fill(100, 4)
    wait(0.20)


def query_simple():
    wait(0.012)


def query_joins():
    wait(0.050)


def resilience():
    fill(50, 4)
    wait(0.15)


def swap_matching():
    fill(50, 4)
    wait(0.10)


def concurrent_requests():
    threads = [threading.Thread(target=wait, args=(0.5,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def startup():
    subprocess.run([sys.executable, "-S", "-c", f"import time; time.sleep({0.3 * SLOW})"], check=True)


# Name, category, what is measured, how often, operations in one, metadata.
SUITE = [
    ("schedule_generation_25res_4wk", "schedule_generation", schedule_generation, 3, 1, {"num_residents": 25, "num_weeks": 4}),
    ("rule_validation_100res_4wk", "rule_validation", rule_validation, 10, 100, {"num_residents": 100, "num_weeks": 4}),
    ("database_query_simple", "database_query", query_simple, 50, 1, {"query_type": "simple"}),
    ("database_query_joins", "database_query", query_joins, 20, 1, {"query_type": "joins"}),
    ("resilience_50res", "resilience_calculation", resilience, 5, 1, {"num_residents": 50}),
    ("swap_matching_50res", "swap_matching", swap_matching, 10, 50, {"num_residents": 50}),
    ("concurrent_requests_20users", "concurrent_requests", concurrent_requests, 5, 20, {"num_users": 20}),
    ("startup_time", "startup", startup, 5, 1, {}),
]
QUICK = ["schedule_generation_25res_4wk", "rule_validation_100res_4wk", "database_query_simple"]


def memory_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def peak_memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))]


def measure(name, category, function, iterations, operations, metadata):
    kept = bytearray(os.urandom(1) * int(60e6 * (1 + 1.2 * (SLOW - 1))))
    durations = []
    for _ in range(iterations):
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    total = sum(durations)
    return {
        "benchmark_name": name,
        "category": category,
        "timestamp": NOW,
        "duration_seconds": round(total, 4),
        "iterations": iterations,
        "avg_duration": round(total / iterations, 6),
        "min_duration": round(min(durations), 6),
        "max_duration": round(max(durations), 6),
        "p95_duration": round(percentile(durations, 0.95), 6),
        "p99_duration": round(percentile(durations, 0.99), 6),
        "std_deviation": round(statistics.stdev(durations), 6),
        "throughput": round(operations * iterations / total, 4),
        "memory_mb": round(memory_mb(), 2),
        "peak_memory_mb": round(peak_memory_mb(), 2),
        "metadata": {**metadata, "kept_bytes": len(kept), "success_rate": "100%"},
    }


def memory_usage():
    """Memory over ten iterations; what a leak keeps shows as growth."""
    before = memory_mb()
    kept, peak = [], before
    for _ in range(10):
        kept.append(bytearray(os.urandom(1) * int(1e6 + 12e6 * max(0.0, SLOW - 1))))
        peak = max(peak, memory_mb())
    growth = memory_mb() - before
    return {
        "benchmark_name": "memory_usage",
        "category": "memory",
        "timestamp": NOW,
        "iterations": 10,
        "baseline_mb": round(before, 2),
        "peak_mb": round(peak, 2),
        "growth_mb": round(growth, 2),
    }


def main():
    if sys.argv[1] == "--one":
        found = [entry for entry in SUITE if entry[0] == sys.argv[2]]
        print(json.dumps(measure(*found[0]) if found else memory_usage(), indent=2))
        return
    folder, names = sys.argv[1], [entry[0] for entry in SUITE] + ["memory_usage"]
    if os.environ.get("QUICK"):
        names = QUICK
    os.makedirs(folder, exist_ok=True)
    for name in names:
        # A process for each, so that none finds the memory of the one before.
        result = subprocess.run([sys.executable, __file__, "--one", name], check=True, capture_output=True, text=True)
        with open(os.path.join(folder, f"{name}.json"), "w") as file:
            file.write(result.stdout)


main()
