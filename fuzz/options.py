"""The options of fuzz/run, and which builds they need."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from kernel_tree import KernelTree, add_tree_options, tree_of
from tool import parse_duration

ENGINES = ("libfuzzer", "aflpp")
OUT = Path("out")
BACKENDS = ("threads", "fibers")  # walkrace list
MEMORY_MODELS = ("sc", "tso", "mca", "lkmm", "hardware")  # walkrace list

# Without --memory: sequential consistency, then part of the time under the weakest model; not of a
# run that is too short for it.
USUAL_MODEL = "sc"
WEAK_MODEL = "lkmm"
WEAK_PART = 0.25
WEAK_TIME_MIN = 5.0

# What fuzzes in each flavour. AFL++ has no AddressSanitizer preset: it fuzzes without.
PRESETS = {
    "tsan": {"libfuzzer": "libfuzzer-tsan", "aflpp": "aflpp-tsan"},
    "plain": {"libfuzzer": "libfuzzer", "aflpp": "aflpp"},
    "asan": {"libfuzzer": "libfuzzer-asan", "aflpp": "aflpp"},
}

EPILOG = """\
Starts from corpus/TARGET/seed and from what earlier runs left in OUT/corpus/TARGET. Findings are
written to OUT/findings/TARGET as they come, logs to OUT/runs. Without --variant it goes on after a
finding; with --variant it stops at the first one, minimises and explains it.

With --kernel-tree the tree's own mm/gup.c, mm/khugepaged.c, ... race (walkrace list names all of a
tree's files); what it finds is in OUT/findings/TARGET@TREE. Builds have folders of their own,
build/kernel-TREE-*; what the tree needs that walkrace has not is listed, and ends with 3.

Without --memory it runs under sc, sequential consistency, then gives a quarter of its time to lkmm,
where that is 5 seconds at least; the corpus is the same. Variants that need weak memory run under
lkmm alone. What is found under a weak model says so in its file, and in the name of it.

Explores on fibers. Each finding is confirmed on OS threads under ThreadSanitizer, and so is a sample
of the corpus: same traces. What does not come out the same is a defect of walkrace, named, and ends
with 3.

Ends with 0 clean; 77 violation; 66 data race only; 70 time-out; 71 out of memory; 2 usage;
3 something is missing, a positive control was not caught, or OS threads do not do what fibers did;
130 interrupted, nothing found.
"""


@dataclass
class Options:
    time: float
    target: str
    engines: tuple[str, ...]
    variants: list[str]
    profile: str | None
    profile_file: Path | None
    flavour: str
    jobs: int
    corpus: Path
    out: Path
    strict: bool = False
    backend: str = "fibers"
    kernel_tree: KernelTree | None = None
    memory: str | None = None  # as --memory says; None: see stages()
    stage: str | None = None  # the memory model of one of the stages

    @property
    def model(self) -> str:
        """The memory model that is run."""
        return self.stage or self.memory or USUAL_MODEL

    def stages(self, weak_alone: bool) -> list[Options]:
        """What is run, one after the other, each with its memory model and its part of the time.
        `weak_alone`: only weak memory can show what is looked for."""
        if self.memory or not self.runs_scenarios:
            return [replace(self, stage=self.model)]
        weak_time = self.time if weak_alone else self.time * WEAK_PART
        if not weak_alone and weak_time < WEAK_TIME_MIN:
            return [replace(self, stage=USUAL_MODEL)]
        weak = replace(self, stage=WEAK_MODEL, time=weak_time)
        return [weak] if weak_alone else [
            replace(self, stage=USUAL_MODEL, time=self.time - weak_time), weak]

    @property
    def place(self) -> str:
        """Its name in OUT: what one tree has shown says nothing of another."""
        return self.target + (f"@{self.kernel_tree.name}" if self.kernel_tree else "")

    @property
    def runs_scenarios(self) -> bool:
        """Else the target's inputs are bytes that walkrace can neither convert nor replay."""
        return self.target != "codec"

    @property
    def variant(self) -> str:
        return ",".join(self.variants)

    def preset(self, engine: str) -> str:
        return PRESETS[self.flavour][engine]

    @property
    def builds(self) -> list[str]:
        """Presets, the command line tool's first."""
        return ["plain"] + [self.preset(engine) for engine in self.engines] + [self.judge]

    @property
    def judge(self) -> str:
        """The preset whose walkrace sees all that the fuzzers can see; under ThreadSanitizer, too,
        where it confirms what they did on fibers."""
        if self.flavour == "tsan":
            return self.preset(self.engines[0])
        return "tsan" if self.compares_backends else "plain"

    @property
    def compares_backends(self) -> bool:
        """Whether what is found has yet to be seen on OS threads."""
        return self.runs_scenarios and self.backend != "threads"

    @property
    def command(self) -> str:
        """The fuzz/run that goes on from this one, but for its time: with all that is not as it
        is by default."""
        words = ["fuzz/run", "--target", self.target]
        for name, value, usual in (
                ("engine", self.engines[0], self.engines[0] if self.engines == ENGINES else None),
                ("variant", self.variant, ""), ("profile", self.profile, None),
                ("profile-file", self.profile_file, None),
                ("memory", self.memory, None),
                ("flavour", self.flavour, _usual_flavour(self.target)), ("jobs", self.jobs, 1),
                ("backend", self.backend, _usual_backend()),
                ("corpus", self.corpus, _usual_seeds(self.target)), ("out", self.out, OUT)):
            if value != usual:
                words += [f"--{name}", str(value)]
        if self.kernel_tree:
            words += self.kernel_tree.flags
        return shlex.join(words + ["--strict"] if self.strict else words)

    @property
    def context_flags(self) -> list[str]:
        """Target, variant, tree and memory model, for the command line tool."""
        flags = ["--target", self.target]
        if self.model != USUAL_MODEL:
            flags += ["--memory", self.model]
        if self.kernel_tree:
            flags += ["--tree", self.kernel_tree.name]
        return flags + ["--variant", self.variant] if self.variants else flags


def _usual_flavour(target: str) -> str:
    return "asan" if target == "codec" else "tsan"


def _usual_backend() -> str:
    return os.environ.get("WALKRACE_BACKEND") or "fibers"


def _usual_seeds(target: str) -> Path:
    return Path("corpus") / target / "seed"


def duration(text: str) -> float:
    """For argparse. Not 0: nothing would be run, and nothing proved."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if seconds == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no time to run for: 90, 90s, 15m or 8h")
    return seconds


def usable_folder(text: str) -> Path:
    """For argparse: a folder, made where there is none, that files can be written to."""
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"cannot write to {folder} ({error.strerror}); name a folder that you may write to, "
            "on a disk with room") from None
    return folder


def _flavour(text: str) -> str:
    """`tsan`, `plain`, `asan`, or the name of a preset that belongs to one of them."""
    for flavour, presets in PRESETS.items():
        if text == flavour or text in presets.values():
            return flavour
    known = [*PRESETS, *dict.fromkeys(p for row in PRESETS.values() for p in row.values())]
    raise argparse.ArgumentTypeError(f"unknown flavour '{text}': {', '.join(known)}")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fuzz/run", epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Installs what is missing, builds, runs the positive controls, then fuzzes "
                    "with libFuzzer and AFL++\nside by side, and says what was found and what to "
                    "type next.")
    add = parser.add_argument
    add("--time", type=duration, default=60.0, metavar="TIME",
        help="of fuzzing: 90, 90s, 15m, 8h (default 60s)")
    add("--target", default="gup_vs_collapse",
        help="gup_vs_collapse (default), codec, canary; walkrace list")
    add("--engine", choices=[*ENGINES, "both"], default="both", help="default both")
    add("--variant", default="", metavar="NAME[,NAME]",
        help="take pieces of real fixes out (walkrace list); default: the unmodified paths")
    add("--profile", help="architecture (walkrace list); default: all that inputs name, else arm64")
    add("--profile-file", type=Path, metavar="FILE",
        help="a profile of your own (src/machine/profile_file.h); fuzzed unless --profile is given")
    add("--memory", choices=MEMORY_MODELS,
        help="memory model (walkrace list; hardware: what the profile's processors do); default: "
             "sc, then part of the time under lkmm")
    add("--flavour", type=_flavour,
        help="of the fuzzers: tsan (default), plain, asan (default for codec), or a preset's name")
    add("--backend", choices=BACKENDS, default=_usual_backend(),
        help="what carries the CPUs while fuzzing (default fibers, or WALKRACE_BACKEND)")
    add("--jobs", type=_positive, default=1, metavar="N",
        help="processes of each engine (default 1), each on a core of its own as far as there are")
    add("--corpus", type=Path, metavar="DIR", help="seeds, instead of corpus/TARGET/seed")
    add("--strict", action="store_true",
        help="known exposures of a profile are violations, too")
    add_tree_options(parser)
    add("--out", type=usable_folder, default=str(OUT), metavar="DIR", help=f"default {OUT}")
    return parser


def parse_options(arguments: list[str]) -> Options:
    """Ends the process with 2 on wrong usage."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.corpus is not None and not given.corpus.is_dir():
        parser.error(f"--corpus {given.corpus}: no such folder")
    if given.profile_file is not None and not given.profile_file.is_file():
        parser.error(f"--profile-file {given.profile_file}: no such file")
    if given.backend not in BACKENDS:  # argparse does not look at a default
        parser.error(f"WALKRACE_BACKEND={given.backend}: choose from {', '.join(BACKENDS)}")
    names = (name.strip() for name in given.variant.split(","))
    variants = list(dict.fromkeys(filter(None, names)))  # each once
    if given.variant and not variants:
        parser.error(f"--variant {given.variant}: names no variant; walkrace list names them")
    tree = tree_of(given, parser)
    if tree and variants:
        parser.error("--variant takes pieces out of walkrace's own paths; take them out of a kernel "
                     "tree by --kernel-patch")
    if tree and given.target in ("canary", "codec"):
        parser.error(f"--target {given.target} runs no kernel tree")
    if given.memory and given.target == "codec":
        parser.error("--target codec runs no memory model")
    return Options(
        time=given.time, target=given.target, profile=given.profile,
        profile_file=given.profile_file, jobs=given.jobs,
        engines=ENGINES if given.engine == "both" else (given.engine,),
        variants=variants,
        flavour=given.flavour or _usual_flavour(given.target),
        corpus=given.corpus or _usual_seeds(given.target), out=given.out,
        strict=given.strict, backend=given.backend, kernel_tree=tree,
        memory=given.memory)
