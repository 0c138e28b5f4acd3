"""`python -m benchmarks [SET …]`, in a process of its own: what `thor bench` runs."""

import sys

from benchmarks.program import main

if __name__ == "__main__":
    sys.exit(main())
