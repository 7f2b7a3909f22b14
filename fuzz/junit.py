"""JUnit XML, as CI systems read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from corpus import write_atomically


@dataclass
class Case:
    suite: str
    name: str
    seconds: float = 0.0
    failure: str = ""  # empty: it passed
    skipped: bool = False


def _printable(text: str) -> str:
    """XML 1.0 has no place for control characters."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]", "?", text)


def _add_case(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(suite, "testcase", classname=case.suite,
                                     name=_printable(case.name), time=f"{case.seconds:.3f}")
    if case.failure:
        text = _printable(case.failure)
        failure = ElementTree.SubElement(element, "failure", message=text.splitlines()[0])
        failure.text = text
    elif case.skipped:
        ElementTree.SubElement(element, "skipped")


def write_junit(path: Path, cases: list[Case]) -> None:
    root = ElementTree.Element("testsuites", name="walkrace gate")
    for name in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == name]
        suite = ElementTree.SubElement(
            root, "testsuite", name=name, tests=str(len(members)), errors="0",
            failures=str(sum(bool(case.failure) for case in members)),
            skipped=str(sum(case.skipped for case in members)),
            time=f"{sum(case.seconds for case in members):.3f}")
        for case in members:
            _add_case(suite, case)
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
