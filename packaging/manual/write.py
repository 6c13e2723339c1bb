#!/usr/bin/env python3
"""Writes the manual pages and the shells' completions.

    write.py --version 1.2.3 --to FOLDER --configuration docs/configuration.md PROGRAM...

Each PROGRAM is asked for its --help, and --emulator starts one that was built for another
processor. What pages say besides stands in NAME.1.in beside this file.
"""

import argparse
import pathlib

import completions
import program_help
import roff

HERE = pathlib.Path(__file__).parent


def write_program(program: str, emulator: list[str], version: str, to: pathlib.Path) -> None:
    name = pathlib.Path(program).name
    command = program_help.read([*emulator, program], [name])
    template = (HERE / f"{name}.1.in").read_text(encoding="utf-8")
    page = roff.program_page(template, command, version)
    (to / f"{name}.1").write_text(page, encoding="utf-8")
    for shell in ("bash", "zsh", "fish"):
        (to / f"{name}.{shell}").write_text(getattr(completions, shell)(command),
                                            encoding="utf-8")


def write_configuration(document: pathlib.Path, version: str, to: pathlib.Path) -> None:
    template = (HERE / "penstock.yaml.5.in").read_text(encoding="utf-8")
    lines = roff.markdown_lines(document.read_text(encoding="utf-8"))
    page = template.replace("@VERSION@", roff.escape(version))
    page = page.replace("@CONFIGURATION@", "\n".join(lines))
    (to / "penstock.yaml.5").write_text(roff.tidied(page), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--to", required=True, type=pathlib.Path)
    parser.add_argument("--configuration", required=True, type=pathlib.Path)
    parser.add_argument("--emulator", default="")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for program in options.programs:
        write_program(program, options.emulator.split(), options.version, options.to)
    write_configuration(options.configuration, options.version, options.to)


if __name__ == "__main__":
    main()
