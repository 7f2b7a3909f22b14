"""A sample of the corpus on both back ends: what the fuzzers ran on fibers must be what OS threads
run, under ThreadSanitizer."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from corpus import Corpus, read_bytes
from findings import ScenarioJudge

FILES_MAX = 200  # of a round
SECONDS_MAX = 5.0
FIRST_S = 300.0  # of a run before the first round; a shorter run has one at its end
SHARE_MIN = 100  # a round is followed by this many times its length without one


class CorpusSample:
    """Takes a round of inputs now and then, none of them twice."""

    def __init__(self, judge: ScenarioJudge, corpus: Corpus):
        self._judge = judge
        self._corpus = corpus
        self._seen: set[str] = set()
        self._earlier = {file.name for file in corpus.files()}
        self._next = time.monotonic() + FIRST_S
        self.replayed = 0
        self.different: list[Path] = []  # kept by the judge

    def due(self) -> bool:
        return time.monotonic() >= self._next

    def take(self) -> list[Path]:
        """One round: what this run has found before what earlier ones left, each in the order of
        names, which are digests and say nothing of what the inputs do. Returns those that violate.
        Raises Failure where walkrace cannot run one."""
        started = time.monotonic()
        files = [file for file in self._corpus.files() if file.name not in self._seen]
        files = sorted(files, key=lambda file: file.name in self._earlier)[:FILES_MAX]
        violating = []
        with tempfile.TemporaryDirectory(prefix="walkrace-") as folder:
            groups: dict[tuple[str, ...], dict[str, Path]] = {}
            for file in files:
                content, context = self._judge.as_run(read_bytes(file))
                raw = Path(folder) / file.name
                raw.write_bytes(content)
                groups.setdefault(tuple(context), {})[str(raw)] = file
            for context, group in groups.items():
                left = SECONDS_MAX - (time.monotonic() - started)
                if left > 0:
                    violating += self._compare(group, list(context), left)
        self._next = time.monotonic() + max(SHARE_MIN * (time.monotonic() - started), FIRST_S)
        return violating

    def _compare(self, group: dict[str, Path], context: list[str], seconds: float) -> list[Path]:
        """`group`: by the paths that walkrace is given, which it takes in their order."""
        _, answer = self._judge.sharpest.json("confirm", *group, *context, "--seconds",
                                              f"{seconds:.1f}", patient=True)
        self.replayed += answer["inputs"]
        self._seen |= {file.name for _, file in sorted(group.items())[:answer["inputs"]]}
        violating = []
        for row in answer["rows"]:
            file = group[row["file"]]
            if not row["alike"]:
                self.different.append(self._judge.refuse(
                    file, read_bytes(file), "the sample of the corpus",
                    f"{row['fibers']} on fibers, {row['threads']} on OS threads"))
            elif row["known_exposed"] is None or self._judge.options.strict:
                violating.append(file)
        return violating
