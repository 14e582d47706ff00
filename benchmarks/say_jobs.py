"""Jobs of benchmarks.say that run in a process of their own: `fill N N N`, `floor MEMORY`."""

import json
import sys

from benchmarks.say import fill, floor

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(fill(*map(int, arguments)) if name == "fill" else floor(arguments[0])))
