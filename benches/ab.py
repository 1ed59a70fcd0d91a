#!/usr/bin/env python3
"""How often `perfgate ab` is wrong and how much it finds, on live suites with a second process in the way.

usage: benches/ab.py FOLDER [--runs 20] [--suite rs,go,py] [--pairs 5] [--history 20 [--past FOLDER] | --one-stage]
                     [--calm] [--perfgate PATH] [--out FILE]

FOLDER holds suites that slow the benchmarks which the variable SLOW names ("sum:10,sort:20"): `rs` (Criterion), `go`,
`py` (pytest-benchmark). Go's benchmarks run for 100 ms five times, so that a run takes about as long as one of the other
two: `go` repeats each benchmark before the next one (-count=5), the suite `go-rounds` all of them five times in a row.
Each suite is copied twice and built once. Then, in random order, RUNS comparisons of unchanged code and RUNS with four
random benchmarks slowed by 3, 5, 10 and 20 % on the current side, in two stages: the current side once against HISTORY
earlier runs of the base (`compare --history`, as CI does, measured before or taken from FOLDER/SUITE/run-N; with
--history 0 one pair instead), then the suspects again in PAIRS pairs (`ab --confirm`). With --one-stage all benchmarks in
PAIRS pairs. Meanwhile another process burns one core half of the time, in random stretches, unless --calm. Limits are 3 %
and 5 %, on the time.

Prints the share of unchanged comparisons with a `fail` (and with a `warn`), the share of slowed benchmarks found, those
that were not, and what perfgate added to the time of the commands. Needs cargo, go and pytest with pytest-benchmark in
the PATH, as far as their suites are asked for, and builds perfgate in release mode unless --perfgate names one.
"""
import argparse
import json
import math
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLOWED = (3, 5, 10, 20)
WITH_SLOW = ["sh", "-c", 'SLOW=$(cat slow 2>/dev/null) exec "$@"', "sh"]
ROUNDS = """for round in 1 2 3 4 5; do
    ./suite.test -test.run='^$' -test.bench="$1" -test.benchmem -test.benchtime=100ms || exit
done"""
SUITES = {
    "rs": {"all": ["cargo", "bench", "--bench", "suite"],
           "some": ["cargo", "bench", "--bench", "suite", "--", "{filter}"],
           "build": ["cargo", "bench", "--no-run"]},
    "go": {"all": ["go", "test", "-run=^$", "-bench=.", "-benchmem", "-count=5", "-benchtime=100ms"],
           "some": ["go", "test", "-run=^$", "-bench={filter}", "-benchmem", "-count=5", "-benchtime=100ms"],
           "build": ["go", "test", "-run=^$"]},
    "go-rounds": {"all": ["sh", "rounds", "."],
                  "some": ["sh", "rounds", "{filter}"],
                  "build": ["sh", "-c", f"echo {shlex.quote(ROUNDS)} >rounds && go test -c -o suite.test"]},
    "py": {"all": [sys.executable, "-m", "pytest", "-q", "--benchmark-json={out}"],
           "some": [sys.executable, "-m", "pytest", "-q", "--benchmark-json={out}", "{filter}"],
           "build": ["true"]},
}
TOLD = ("verdict", "change", "interval", "p", "p_adjusted", "detectable", "reasons", "runs")
BURNER = """
import random, time
while True:
    stretch = random.uniform(0.2, 4.0)
    end = time.monotonic() + stretch
    while time.monotonic() < end: pass
    time.sleep(stretch)
"""


def share(k, n):
    """k of n with its 95 % interval (Wilson 1927)."""
    if n == 0:
        return "-"
    z, p = 1.96, k / n
    scale = 1 + z * z / n
    centre, half = (p + z * z / (2 * n)) / scale, z / scale * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return f"{k}/{n} ({100 * max(0, centre - half):.0f}-{100 * min(1, centre + half):.0f} %)"


def seconds(text):
    """A duration as perfgate writes it."""
    units = {"ms": 1e-3, "s": 1, "min": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+) (ms|min|s|h)\b", text))


class Suite:
    def __init__(self, name, source, work, perfgate):
        self.commands, self.perfgate = SUITES[name], perfgate
        self.past, self.prints = os.path.join(work, name, "past"), name.startswith("go")
        self.base, self.current = (os.path.join(work, name, side) for side in ("base", "head"))
        self.wall = self.turns = 0.0
        for folder in (self.base, self.current):
            shutil.copytree(source, folder)
            for path, folders, files in os.walk(folder):
                for each in folders + files:
                    os.chmod(os.path.join(path, each), 0o755)
            os.chmod(folder, 0o755)
            subprocess.run(self.commands["build"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

    def perfgate_says(self, command, report, *rest):
        """One call with the limits; its report and what it told beside it."""
        call = [self.perfgate, command, "--isolated", "--warn", "3%", "--fail", "5%", "--metric", "time",
                "--report", f"json={report}", *rest]
        done = subprocess.run(call, cwd=self.current, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(call)} ended with {done.returncode}:\n{done.stderr}")
        with open(report, encoding="utf-8") as file:
            return json.load(file), done.stderr

    def ab(self, command, report, *options):
        """Both sides in turns; the report."""
        started = time.monotonic()
        judged, told = self.perfgate_says("ab", report, "--base", self.base, *options, "--", *WITH_SLOW, *command)
        self.wall += time.monotonic() - started
        for line in told.splitlines():
            if line.startswith("turn "):
                self.turns += seconds(line.split(":", 1)[1].split(",")[0])
        return judged

    def run(self, folder, to):
        """The whole suite once, its results in `to`."""
        command = [*WITH_SLOW, *(word.replace("{out}", to) for word in self.commands["all"])]
        printed = open(to, "wb") if self.prints else subprocess.DEVNULL
        subprocess.run(command, cwd=folder, check=True, env=os.environ | {"CRITERION_HOME": to}, stdout=printed,
                       stderr=subprocess.DEVNULL)

    def record(self, runs):
        """Measures the base some times, as earlier runs of CI would have."""
        os.makedirs(self.past, exist_ok=True)
        for i in range(runs):
            self.run(self.base, os.path.join(self.past, f"run-{i}"))

    def remember(self, past, runs):
        """Takes runs of the base that were measured earlier."""
        os.makedirs(self.past, exist_ok=True)
        for i in range(runs):
            run = os.path.join(past, f"run-{i}")
            copy = shutil.copytree if os.path.isdir(run) else shutil.copyfile
            copy(run, os.path.join(self.past, f"run-{i}"))

    def judge(self, slow, pairs, history, one_stage, work):
        """The row of each benchmark with these slowed."""
        with open(os.path.join(self.current, "slow"), "w", encoding="utf-8") as file:
            file.write(",".join(f"{name}:{percent}" for name, percent in slow.items()))
        report = os.path.join(work, "report.json")
        if one_stage:
            judged = self.ab(self.commands["all"], report, "--pairs", str(pairs))
        else:
            if history:
                now = os.path.join(work, "now")
                shutil.rmtree(now, ignore_errors=True)
                self.run(self.current, now)
                last = os.path.join(self.past, f"run-{history - 1}")
                judged, _ = self.perfgate_says("compare", report, "--history", self.past, "--", last, now)
            else:
                judged = self.ab(self.commands["all"], report, "--pairs", "1")
            if any(row["suspect"] for row in judged["results"]):
                judged = self.ab(self.commands["some"], report, "--pairs", str(pairs), "--confirm", report)
        return {short(row["benchmark"]): row for row in judged["results"]}


def short(name):
    """The name that SLOW knows a benchmark by."""
    return re.split(r"[/=\[]", name.rstrip("]"))[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--suite", default="rs,go,py")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--history", type=int, default=20)
    parser.add_argument("--past", help="earlier runs of the base, instead of measuring them")
    parser.add_argument("--one-stage", action="store_true")
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--perfgate")
    parser.add_argument("--out", help="write every outcome as a line of JSON")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    perfgate = asked.perfgate
    if not perfgate:
        subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", "--bin", "perfgate"], cwd=ROOT, check=True)
        perfgate = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "perfgate")
    perfgate = os.path.abspath(perfgate)
    os.environ.pop("CARGO_TARGET_DIR", None)
    rng = random.Random(asked.seed)
    log = open(asked.out, "a", encoding="utf-8") if asked.out else None
    with tempfile.TemporaryDirectory() as work:
        suites = {name: Suite(name, os.path.join(asked.folder, name.split("-")[0]), work, perfgate)
                  for name in asked.suite.split(",")}
        # The names, and what is only slow the first time.
        names = {name: sorted(suite.judge({}, 1, 0, True, work)) for name, suite in suites.items()}
        for suite in suites.values():
            suite.wall = suite.turns = 0.0
        plan = [(name, slowed) for name in suites for slowed in (False, True) for _ in range(asked.runs)]
        rng.shuffle(plan)
        alarms = {name: [0, 0, 0] for name in suites}
        found = {name: {percent: [0, 0, 0] for percent in SLOWED} for name in suites}
        innocent = {name: [0, 0] for name in suites}
        missed = {name: {} for name in suites}
        burner = None if asked.calm else subprocess.Popen([sys.executable, "-c", BURNER])
        try:
            for name, suite in suites.items():
                if asked.past:
                    suite.remember(os.path.join(asked.past, name), asked.history)
                elif not asked.one_stage:
                    suite.record(asked.history)
            for done, (name, slowed) in enumerate(plan, 1):
                slow = dict(zip(rng.sample(names[name], len(SLOWED)), SLOWED)) if slowed else {}
                rows = suites[name].judge(slow, asked.pairs, asked.history, asked.one_stage, work)
                verdicts = {benchmark: row["verdict"] for benchmark, row in rows.items()}
                bad = {b: v for b, v in verdicts.items() if v in ("fail", "warn") and b not in slow}
                if slowed:
                    for benchmark, percent in slow.items():
                        counts = found[name][percent]
                        counts[0] += verdicts.get(benchmark) == "fail"
                        counts[1] += verdicts.get(benchmark) in ("fail", "warn")
                        counts[2] += 1
                        if percent >= 10:
                            of = missed[name].setdefault(benchmark, [0, 0])
                            of[0] += verdicts.get(benchmark) != "fail"
                            of[1] += 1
                    innocent[name][0] += "fail" in bad.values()
                    innocent[name][1] += 1
                else:
                    alarms[name][0] += "fail" in bad.values()
                    alarms[name][1] += bool(bad)
                    alarms[name][2] += 1
                if log:
                    told = {b: {key: row[key] for key in TOLD} for b, row in rows.items()
                            if b in slow or b in bad or "measured-again" in row["reasons"]}
                    log.write(json.dumps({"suite": name, "slow": slow, "verdicts": verdicts, "rows": told}) + "\n")
                    log.flush()
                print(f"{done}/{len(plan)} {name} {slow or 'unchanged'}: {bad or 'no false alarm'}", file=sys.stderr)
        finally:
            if burner:
                burner.kill()
                burner.wait()
    first = f"one run against {asked.history} of the base" if asked.history else "one pair"
    how = f"{asked.pairs} pairs" if asked.one_stage else f"{first}, then the suspects in {asked.pairs} pairs"
    print(f"{asked.runs} unchanged and {asked.runs} slowed comparisons a suite, {how}, "
          f"{'calm' if asked.calm else 'one core burnt half of the time'}; limits 3 % and 5 %, 95 % intervals\n")
    print("| suite | false fail, unchanged | false fail beside slowed ones | false warn or fail, unchanged | "
          + " | ".join(f"+{p} % fail" for p in SLOWED) + " | " + " | ".join(f"+{p} % fail or warn" for p in SLOWED)
          + " | time beyond the commands |")
    print("|---" * (5 + 2 * len(SLOWED)) + "|")
    for name, suite in suites.items():
        fails, any_alarm, count = alarms[name]
        cells = [name, share(fails, count), share(*innocent[name]), share(any_alarm, count)]
        cells += [share(found[name][p][0], found[name][p][2]) for p in SLOWED]
        cells += [share(found[name][p][1], found[name][p][2]) for p in SLOWED]
        cells.append(f"{100 * (suite.wall / suite.turns - 1):.1f} %" if suite.turns else "-")
        print("| " + " | ".join(cells) + " |")
    print()
    for name, benchmarks in missed.items():
        said = [f"{benchmark} {k} of {n}" for benchmark, (k, n) in sorted(benchmarks.items()) if k]
        print(f"{name}: no fail at +10 or +20 %: {', '.join(said) or 'none'}")


if __name__ == "__main__":
    main()
