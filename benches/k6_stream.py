#!/usr/bin/env python3
"""Time, memory and exactness of reading a large stream of k6 (`k6 run --out json=FILE`).

usage: benches/k6_stream.py FILE [MEGABYTES]

Writes FILE with lines as k6 1.1 writes them until it has MEGABYTES (default 1000) million bytes, unless it is there with at
least that size, builds perfgate in release mode (CARGO_TARGET_DIR is honoured), reads FILE five times with `perfgate convert`
and prints processor time, peak memory and how far the percentiles of request durations are from exact ones.
"""
import json
import os
import random
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIMES = ["http_req_duration", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking",
         "http_req_sending", "http_req_waiting", "http_req_receiving"]


def head(name, kind, contains, submetrics=None):
    data = {"name": name, "type": kind, "contains": contains, "thresholds": [], "submetrics": submetrics}
    return json.dumps({"type": "Metric", "data": data, "metric": name}, separators=(",", ":")) + "\n"


def write(path, size):
    """Writes the stream; gives every request's duration in milliseconds."""
    numbers, durations, written, request = random.Random(6), [], 0, 0
    parts = [{"name": "http_req_duration{expected_response:true}", "suffix": "expected_response:true",
              "tags": {"expected_response": "true"}}]
    with open(path, "w", encoding="utf-8") as out:
        for name in TIMES:
            written += out.write(head(name, "trend", "time", parts if name == TIMES[0] else None))
        written += out.write(head("http_reqs", "counter", "default"))
        written += out.write(head("http_req_failed", "rate", "default"))
        while written < size:
            request += 1
            second, nano = divmod(request * 400_000, 1_000_000_000)
            moment = f"2026-11-21T14:{second // 60 % 60:02}:{second % 60:02}.{nano:09}Z"
            failed = numbers.random() < 0.01
            good, status = ("false", 500) if failed else ("true", 200)
            tags = (f'"tags":{{"expected_response":"{good}","group":"::page","kind":"page","method":"GET",'
                    f'"name":"http://127.0.0.1:8899/articles/{request % 50}","proto":"HTTP/1.1","scenario":"default",'
                    f'"status":"{status}","url":"http://127.0.0.1:8899/articles/{request % 50}"}}}}}}\n')
            duration = round(numbers.lognormvariate(1.5, 0.8), 6)
            durations.append(duration)
            values = [1, int(failed), duration] + [round(duration * numbers.random(), 6) for _ in TIMES[1:]]
            for name, value in zip(["http_reqs", "http_req_failed"] + TIMES, values):
                written += out.write(f'{{"metric":"{name}","type":"Point","data":{{"time":"{moment}","value":{value},{tags}')
    return durations


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    path, size = sys.argv[1], int(float(sys.argv[2]) * 1e6) if len(sys.argv) == 3 else 1_000_000_000
    exact = path + ".exact.json"
    if not (os.path.exists(exact) and os.path.exists(path) and os.path.getsize(path) >= size):
        durations = sorted(write(path, size))
        ranks = {q: durations[int(q / 100 * (len(durations) - 1))] for q in (50, 75, 90, 95, 99)}
        with open(exact, "w", encoding="utf-8") as out:
            json.dump({"requests": len(durations), "percentiles": ranks}, out)
    with open(exact, encoding="utf-8") as file:
        known = json.load(file)
    subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", "--bin", "perfgate"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    megabytes = os.path.getsize(path) / 1e6
    for _ in range(5):
        child = subprocess.Popen([os.path.join(target, "release", "perfgate"), "convert", path], stdout=subprocess.PIPE)
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        print(f"{megabytes:.0f} MB  user {usage.ru_utime:.2f} s  system {usage.ru_stime:.2f} s  "
              f"{megabytes / (usage.ru_utime + usage.ru_stime):.0f} MB/s of processor time  "
              f"peak {usage.ru_maxrss / 1024:.0f} MiB  exit {child.returncode}")
    names = {50: "median", 75: "p75", 90: "p90", 95: "p95", 99: "p99"}
    text = output.decode()
    found = next(metric["summary"] for benchmark in json.loads(text)["benchmarks"]
                 if benchmark["name"] == "http_req_duration" for metric in benchmark["metrics"])
    assert found["n"] == known["requests"], found
    for q, value in known["percentiles"].items():
        ours = found[names[int(q)]] * 1e3
        print(f"p{q}: {ours:.6f} ms, exactly {value:.6f} ms, {(ours / value - 1) * 100:+.3f} %")


if __name__ == "__main__":
    main()
