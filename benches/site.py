#!/usr/bin/env python3
"""Measures the site over a long history: how long it takes to write, how large it is, what its first page reads.

    cargo build --release
    python3 benches/site.py target/release/perfgate [RUNS [SERIES [FOLDER]]]

Stores RUNS (default 1 000) runs of SERIES (default 500) series, writes the site five times and prints minimum, median and
maximum. FOLDER keeps the last site, to look at; otherwise everything happens in a temporary folder. Asked: 5 s, 60 MB,
and 1 MB for the overview.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from store import QUIET, history_of, new_hub, timed

TIMES = 5


def size(files):
    return sum(file.stat().st_size for file in files)


def read_by(page):
    """A page and every file that it names."""
    text = page.read_text()
    named = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', text.replace("&#x2f;", "/"))
    return [page, *((page.parent / name).resolve() for name in named)]


def measure(perfgate, folder, runs, series, kept):
    new_hub(folder)
    here, store, site = folder / "first", f"dir:{folder}/kept", folder / "site"
    history = history_of(folder, here, runs, series)
    subprocess.run([perfgate, "record", "--import", str(history), "--store", store], cwd=here, check=True, **QUIET)
    shown = timed([perfgate, "trend", "--store", store, "--report", f"json={folder}/trend.json"], here)
    print(f"trend alone: exit {shown[3]}, {shown[0]:.2f} s, cpu {shown[1]:.2f} s, {shown[2]:.0f} MiB")
    figures = [timed([perfgate, "trend", "--store", store, "--report", f"html={site}"], here) for _ in range(TIMES)]
    walls = sorted(figure[0] for figure in figures)
    print(f"site: exit {figures[0][3]}, wall {walls[0]:.2f} / {walls[TIMES // 2]:.2f} / {walls[-1]:.2f} s (asked 5), "
          f"cpu {min(f[1] for f in figures):.2f} s, {max(f[2] for f in figures):.0f} MiB")
    files = [file for file in site.rglob("*") if file.is_file()]
    print(f"{len(files)} files, {size(files) / 1e6:.1f} MB (asked 60)")
    print(f"the overview reads {size(read_by(site / 'index.html')) / 1e6:.2f} MB (asked 1), "
          f"{(site / 'index.html').stat().st_size / 1e6:.2f} MB of it index.html")
    largest = max((size(read_by(page)) for page in (site / "benchmarks").glob("*.html")), default=0)
    print(f"the largest page of a benchmark reads {largest / 1e6:.2f} MB")
    if kept:
        shutil.copytree(site, kept, dirs_exist_ok=True)


def main():
    if len(sys.argv) not in (2, 3, 4, 5):
        sys.exit(__doc__)
    perfgate = str(Path(sys.argv[1]).resolve())
    runs, series = [int(number) for number in sys.argv[2:4]] + [1000, 500][len(sys.argv[2:4]):]
    with tempfile.TemporaryDirectory(prefix="perfgate-site-") as folder:
        measure(perfgate, Path(folder), runs, series, sys.argv[4] if len(sys.argv) == 5 else None)


if __name__ == "__main__":
    main()
