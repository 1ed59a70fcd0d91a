window.BENCHMARK_DATA = {
  "lastUpdate": 1793530860123,
  "repoUrl": "https://github.com/example/small",
  "entries": {
    "Benchmark": [
      {
        "commit": {