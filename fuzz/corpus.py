"""Inputs in byte form: seeds made from .walk files, and the corpus that grows over all runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from options import Options
from tool import Exit, Failure, Walkrace, tail

NO_PROFILE = b"\0"  # the first byte of the byte form (src/scenario/README.md)
EMPTY_INPUT = b"\0"  # decodes to the default scenario; AFL++ takes no empty file


def digest(content: bytes) -> str:
    """The name that libFuzzer gives to an input."""
    return hashlib.sha1(content).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Never half a file, not even when the machine stops."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_bytes(path: Path) -> bytes:
    """Empty where it is gone or cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


class Corpus:
    """The folder that both fuzzers start from. libFuzzer writes to it and looks into it now and
    then; what AFL++ finds is copied in."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._taken: set[Path] = set()

    def add(self, content: bytes) -> None:
        path = self.folder / digest(content)
        if content and not path.exists():
            temporary = path.with_name(f".{path.name}.tmp")
            try:
                temporary.write_bytes(content)
                os.replace(temporary, path)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise

    def take(self, files: list[Path]) -> None:
        """Copies files that were not taken before."""
        for file in files:
            if file not in self._taken:
                self._taken.add(file)
                self.add(read_bytes(file))

    def drop(self, content: bytes) -> None:
        (self.folder / digest(content)).unlink(missing_ok=True)

    def files(self) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if p.is_file() and p.name[0] != ".")


def _convert(walkrace: Walkrace, seed: Path, context: list[str]) -> bytes:
    """The byte form of a seed. Raises Failure where it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seed"
        done = walkrace.run("convert", seed, out, "--bytes", *context)
        if done.code != Exit.CLEAN:
            raise Failure(Exit.USAGE, f"cannot use seed {seed}\n{tail(done.stderr)}")
        return read_bytes(out)


def _forms(seed: Path, options: Options, walkrace: Walkrace) -> list[bytes]:
    """The inputs that a seed stands for. One that names no profile is tried on each, unless the
    options choose one."""
    if not options.runs_scenarios:
        return [read_bytes(seed)]  # its inputs are no scenarios
    forms = [_convert(walkrace, seed, [])]
    if options.profile is None and forms[0][:1] == NO_PROFILE:
        _, known = walkrace.json("list")
        forms += [_convert(walkrace, seed, ["--target", options.target, "--profile", row["name"]])
                  for row in known["profiles"]]
    return forms


def make_seeds(options: Options, walkrace: Walkrace, folder: Path) -> int:
    """Writes the seeds' byte forms to `folder`; returns how many there are."""
    corpus = Corpus(folder)
    if options.corpus.is_dir():
        for seed in sorted(path for path in options.corpus.rglob("*") if path.is_file()):
            for content in _forms(seed, options, walkrace):
                corpus.add(content)
    return len(corpus.files())
