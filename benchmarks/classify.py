"""How well records are labelled, and how fast, beside peers.

    python benchmarks/classify.py                  every measure
    python benchmarks/classify.py departments      those named

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
PEERS, a Python that has the peers (`pip install datatrove==0.10.* spacy jieba`; /tmp/peers-venv/bin/python); ADS, cases
of advertisements; RUN, a finished run of recipes/medical.yaml (gaps).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("classification", sys.argv[1:])
