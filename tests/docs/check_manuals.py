#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the manual pages against the programs: every option that --help lists stands in the page,
and every option that the page names exists. Usage: check_manuals.py BUILD_DIRECTORY"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = {"builder/quoin": "quoin.1", "agent/quoin-agent": "quoin-agent.8"}
LONG_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]+)")


def help_text(program: pathlib.Path, *words: str) -> str:
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def subcommands(text: str) -> list[str]:
    match = re.search(r"^(?:Commands|Subcommands|SUBCOMMANDS):\n((?:[ \t]+.*\n?)+)", text, re.MULTILINE)
    if not match:
        return []
    return re.findall(r"^  ([a-z][a-z-]+)\b", match.group(1), re.MULTILINE)


def options_of_program(program: pathlib.Path) -> set[str]:
    top = help_text(program)
    found = set(LONG_OPTION.findall(top))
    for command in subcommands(top):
        text = help_text(program, command)
        found |= set(LONG_OPTION.findall(text))
        for inner in subcommands(text):
            found |= set(LONG_OPTION.findall(help_text(program, command, inner)))
    return found


def options_of_page(page: pathlib.Path) -> set[str]:
    rendered = subprocess.run(["mandoc", "-T", "ascii", page], capture_output=True, text=True, check=True)
    plain = re.sub(".\b", "", rendered.stdout)
    # "--" ends options of other programs in examples; only Quoin's own synopsis counts
    return set(LONG_OPTION.findall(plain))


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    wrong = 0
    for program, page in PROGRAMS.items():
        have = options_of_program(build / program)
        told = options_of_page(ROOT / "docs/man" / page)
        for option in sorted(have - told):
            print(f"{page}: --{option} of {program} is missing")
            wrong += 1
        for option in sorted(told - have):
            print(f"{page}: --{option} does not exist in {program}")
            wrong += 1
        if not have:
            print(f"{program}: --help lists no options")
            wrong += 1
    print(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
