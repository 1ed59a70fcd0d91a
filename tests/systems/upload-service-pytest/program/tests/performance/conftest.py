"""Collects latencies and writes one JSON report for each operation."""

import asyncio
import json
import os
import pathlib
import statistics
import time

import pytest


def pytest_benchmark_update_machine_info(config, machine_info):
    machine_info["node"] = "bench-01"
    machine_info["cpu"].pop("flags", None)


class Collector:
    def __init__(self):
        self.latencies, self.failed, self.started = [], 0, time.perf_counter()

    async def measure(self, operation):
        start = time.perf_counter()
        try:
            await operation
        except ConnectionError:
            self.failed += 1
        self.latencies.append((time.perf_counter() - start) * 1000)

    def report(self, operation):
        seconds = time.perf_counter() - self.started
        values, count = sorted(self.latencies), len(self.latencies)

        def at(share):
            return values[min(count - 1, int(share * count))]

        report = {
            "operation": operation,
            "total_requests": count,
            "successful_requests": count - self.failed,
            "failed_requests": self.failed,
            "success_rate_pct": 100.0 * (count - self.failed) / count,
            "avg_latency_ms": statistics.fmean(values),
            "median_latency_ms": statistics.median(values),
            "p95_latency_ms": at(0.95),
            "p99_latency_ms": at(0.99),
            "min_latency_ms": values[0],
            "max_latency_ms": values[-1],
            "std_dev_ms": statistics.stdev(values),
            "throughput_rps": count / seconds,
        }
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in report.items()}


@pytest.fixture
def performance_collector():
    return Collector()


@pytest.fixture
def save_performance_report():
    def save(report):
        folder = pathlib.Path(os.environ["PERFORMANCE_REPORTS"])
        (folder / f"{report['operation']}.json").write_text(json.dumps(report, indent=2) + "\n")

    return save


@pytest.fixture
def load_test_scenario():
    def run(operation, users, total, collector):
        async def user(number):
            for request in range(number, total, users):
                await collector.measure(operation(request + 1))

        async def everybody():
            await asyncio.gather(*(user(number) for number in range(users)))

        asyncio.run(everybody())

    return run
