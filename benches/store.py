#!/usr/bin/env python3
"""Measures the store: writers at the same time, killed writers, size and speed of a long history.

    cargo build --release
    python3 benches/store.py target/release/perfgate [writers|killed|full|scale]...

Everything happens in a temporary folder. `writers` starts 16 processes that record 25 runs each, into one bare
repository from 16 clones, and into one folder. `killed` ends writers with SIGKILL at random moments and looks at what is
left. `full` fills a file system of 64 KiB and then makes it read-only (needs the right to mount). `scale` stores 1 000 runs of 500 series and times `check` and `trend` on them.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WRITERS, RUNS = 16, 25
QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def git(folder, *arguments):
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, **QUIET).stdout


def clone(hub, path):
    subprocess.run(["git", "clone", "-q", str(hub), str(path)], check=True, **QUIET)
    git(path, "config", "user.name", "bench")
    git(path, "config", "user.email", "bench@example.org")


def new_hub(folder):
    hub = folder / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(hub)], check=True)
    first = folder / "first"
    clone(hub, first)
    git(first, "commit", "-q", "--allow-empty", "-m", "one")
    git(first, "push", "-q", "origin", "HEAD:main")
    return hub


def results(path, value, benchmarks=5):
    lines = [f"Benchmark{i}-8 \t 100\t {value * (i + 1):.1f} ns/op\n" for i in range(benchmarks)]
    path.write_text("goos: linux\ngoarch: amd64\npkg: example.org/p\n" + "".join(lines) + "PASS\nok  \texample.org/p\t1.0s\n")


def writer(perfgate, folder, store, number):
    """Records its runs one after the other, each of a commit of its own; gives the seconds that each took."""
    times = []
    for run in range(RUNS):
        file = folder / f"bench-{number}-{run}.txt"
        results(file, 100 + number * RUNS + run)
        started = time.monotonic()
        commit = f"{number * RUNS + run:040x}"
        done = subprocess.run([perfgate, "record", str(file), "--store", store, "--commit", commit], cwd=folder, **QUIET)
        times.append(time.monotonic() - started)
        if done.returncode != 0:
            print(done.stderr, file=sys.stderr)
    return times


def listed(perfgate, folder, store):
    done = subprocess.run([perfgate, "store", "list", "--report", "json", "--store", store], cwd=folder, check=True, **QUIET)
    return [run["commit"] for run in json.loads(done.stdout)["runs"]]


def writers(perfgate, folder):
    hub = new_hub(folder)
    for kind, store in (("git", "git:perfgate-data"), ("dir", f"dir:{folder}/kept")):
        clones = [folder / f"{kind}-{number}" for number in range(WRITERS)]
        for path in clones:
            clone(hub, path)
        started = time.monotonic()
        children = []
        for number, path in enumerate(clones):
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                times = writer(perfgate, path, store, number)
                os.write(write, json.dumps(times).encode())
                os._exit(0)
            os.close(write)
            children.append((pid, read))
        times = []
        for pid, read in children:
            times += json.loads(os.read(read, 65536))
            os.waitpid(pid, 0)
        took = time.monotonic() - started
        commits = listed(perfgate, clones[0], store)
        times.sort()
        print(f"{kind}: {len(commits)} of {WRITERS * RUNS} stored, {len(commits) - len(set(commits))} twice, "
              f"{took:.1f} s in all; one record: median {times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s")
        subprocess.run([perfgate, "store", "verify", "--store", store], cwd=clones[0], check=True, **QUIET)
    fsck = subprocess.run(["git", "-C", str(hub), "fsck", "--strict", "--no-dangling"], **QUIET)
    print(f"git fsck: exit {fsck.returncode} {fsck.stderr.strip()}")


def killed(perfgate, folder, rounds=60):
    hub = new_hub(folder)
    here = folder / "first"
    random.seed(1)
    for kind, store in (("git", "git:perfgate-data"), ("dir", f"dir:{folder}/kept")):
        file = folder / "bench.txt"
        results(file, 1)
        started = time.monotonic()
        subprocess.run([perfgate, "record", str(file), "--store", store, "--commit", "f" * 40], cwd=here, check=True, **QUIET)
        whole = time.monotonic() - started
        sound, lost, ended = 0, 0, 0
        for number in range(rounds):
            results(file, 2 + number)
            before = set(listed(perfgate, here, store))
            command = [perfgate, "record", str(file), "--store", store, "--commit", f"{number:040x}"]
            child = subprocess.Popen(command, cwd=here, start_new_session=number % 2 == 0, **QUIET)
            time.sleep(random.uniform(0, whole * 1.2))
            if child.poll() is None:
                # Half of the time git goes with it, half of the time git lives on.
                os.killpg(child.pid, signal.SIGKILL) if number % 2 == 0 else child.kill()
                ended += 1
            child.communicate()
            after = set(listed(perfgate, here, store))
            lost += len(before - after)
            sound += subprocess.run([perfgate, "store", "verify", "--store", store], cwd=here, **QUIET).returncode == 0
        print(f"{kind}: {ended} of {rounds} writers killed; readable and sound after {sound} of {rounds}; {lost} earlier runs lost")
    fsck = subprocess.run(["git", "-C", str(hub), "fsck", "--strict", "--no-dangling"], **QUIET)
    print(f"git fsck: exit {fsck.returncode} {fsck.stderr.strip()}")


def full(perfgate, folder):
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], **QUIET).returncode != 0:
        print("not measured: a small file system cannot be mounted here")
        return
    try:
        store, file = f"dir:{disk}/kept", folder / "bench.txt"
        kept, code = 0, 0
        while code == 0:
            results(file, 100 + kept, benchmarks=300)
            command = [perfgate, "record", str(file), "--store", store, "--commit", f"{kept:040x}"]
            code = subprocess.run(command, cwd=folder, **QUIET).returncode
            kept += code == 0
        sound = subprocess.run([perfgate, "store", "verify", "--store", store], cwd=folder, **QUIET).returncode == 0
        print(f"full disk: exit {code} after {kept} runs; {len(listed(perfgate, folder, store))} listed, sound: {sound}")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, **QUIET)
        code = subprocess.run(command, cwd=folder, **QUIET).returncode
        print(f"read-only: exit {code}; {len(listed(perfgate, folder, store))} listed")
    finally:
        subprocess.run(["umount", str(disk)], **QUIET)


def timed(command, folder):
    """Seconds and MiB of one command."""
    measure = (
        "import os,resource,subprocess,sys,time\n"
        "s=time.monotonic(); d=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.PIPE,text=True)\n"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(time.monotonic()-s, u.ru_utime+u.ru_stime, u.ru_maxrss/1024, d.returncode)\n"
        "print(d.stderr[-400:],file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", measure, *command], cwd=folder, **QUIET)
    wall, cpu, memory, code = done.stdout.split()
    return float(wall), float(cpu), float(memory), int(code)


def history_of(folder, here, runs, series):
    """Commits that change nothing, pushed to main, and a run of each as a file of its own; gives the folder of these."""
    random.seed(2)
    tree = git(here, "rev-parse", "HEAD^{tree}").strip()
    commit, start = git(here, "rev-parse", "HEAD").strip(), 1_700_000_000
    history = folder / "history"
    history.mkdir()
    level = [random.uniform(1e-7, 1e-2) for _ in range(series)]
    for run in range(runs):
        environment = dict(os.environ, GIT_COMMITTER_DATE=f"{start + run * 3600} +0000", GIT_AUTHOR_DATE=f"{start} +0000")
        made = ["git", "-C", str(here), "commit-tree", tree, "-p", commit, "-m", "x"]
        commit = subprocess.run(made, env=environment, check=True, **QUIET).stdout.strip()
        shift = random.gauss(0, 0.01)
        benchmarks = []
        for at in range(series):
            centre = level[at] * 2.718281828 ** (shift + random.gauss(0, 0.02) + (0.1 if at % 50 == 0 and run > runs * 2 // 3 else 0))
            samples = sorted(centre * 2.718281828 ** abs(random.gauss(0, 0.05)) for _ in range(20))
            benchmarks.append({"tool": "criterion", "name": f"group_{at % 20}/benchmark_{at}/{at * 16}", "metrics": [
                {"metric": "time", "unit": "s", "tool_unit": "ns", "better": "lower", "kind": "noisy", "suite": 0,
                 "position": at, "samples": samples}]})
        document = {"schema": "perfgate-run/1", "commit": commit, "branch": "main", "taken_at": start + run * 3600 + 60,
                    "labels": {"cpu": "x", "os": "linux"}, "suites": [{"tool": "criterion", "name": "criterion"}],
                    "benchmarks": benchmarks}
        (history / f"{run:04}.json").write_text(json.dumps(document))
    git(here, "reset", "-q", "--soft", commit)
    git(here, "push", "-q", "origin", "HEAD:main")
    return history


def scale(perfgate, folder, runs=1000, series=500):
    new_hub(folder)
    here = folder / "first"
    store = f"dir:{folder}/kept"
    history = history_of(folder, here, runs, series)
    last = history / f"{runs - 1:04}.json"
    current = folder / "current.json"
    last.rename(current)
    wall, cpu, memory, code = timed([perfgate, "record", "--import", str(history), "--store", store], here)
    print(f"record --import of {runs - 1} runs: exit {code}, {wall:.2f} s, cpu {cpu:.2f} s, {memory:.0f} MiB")
    size = sum(file.stat().st_size for file in (folder / "kept").rglob("*") if file.is_file())
    print(f"dir store of {runs - 1} runs x {series} series: {size / 1e6:.1f} MB (asked 30)")
    for name, command in (("check", [perfgate, "check", str(current), "--store", store]), ("trend", [perfgate, "trend", "--store", store])):
        figures = [timed(command, here) for _ in range(5)]
        walls = sorted(figure[0] for figure in figures)
        print(f"{name}: exit {figures[0][3]}, wall {walls[0]:.2f} / {walls[2]:.2f} / {walls[-1]:.2f} s, "
              f"cpu {min(f[1] for f in figures):.2f} s, {max(f[2] for f in figures):.0f} MiB")
    subprocess.run([perfgate, "store", "copy", store, f"git:scale@{folder}/hub.git"], cwd=here, check=True, **QUIET)
    figures = [timed([perfgate, "check", str(current), "--store", f"git:scale@{folder}/hub.git"], here) for _ in range(3)]
    print(f"check of the same runs on a git branch: {min(f[0] for f in figures):.2f} s")
    packed = git(folder / "hub.git", "count-objects", "-v")
    print("git store:", " ".join(packed.split()))


def main():
    perfgate = str(Path(sys.argv[1]).resolve())
    parts = sys.argv[2:] or ["writers", "killed", "full", "scale"]
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="perfgate-store-") as folder:
            print(f"== {part}", flush=True)
            {"writers": writers, "killed": killed, "full": full, "scale": scale}[part](perfgate, Path(folder))


if __name__ == "__main__":
    main()
