"""Jobs of benchmarks.aha that run in a process of their own: `grid EVENTS ENTRANTS`, `search N`."""

import json
import sys

from benchmarks.aha import grid, search

if __name__ == "__main__":
    job = {"grid": grid, "search": search}[sys.argv[1]]
    print(json.dumps(job(*map(int, sys.argv[2:]))))
