"""Jobs of benchmarks.build that run in a process of their own: `floor|kernels EVENTS [MEMORY]`."""

import json
import sys

from benchmarks.build import floor, kernels

if __name__ == "__main__":
    job = {"floor": floor, "kernels": kernels}[sys.argv[1]]
    print(json.dumps(job(int(sys.argv[2]), sys.argv[3])))
