"""What a program says of itself with --help, as data: for manual pages and completions."""

import re
import subprocess
from dataclasses import dataclass, field

SECTION = re.compile(r"^(Options|Positionals|Subcommands|\[Option Group: .*\]):?$")


@dataclass
class Entry:
    """One line of a section: an option, an argument or a command."""

    names: list[str]
    value: str  # FILE; empty: takes none
    text: str
    remark: str = ""  # what it may be, and its default
    repeats: bool = False

    @property
    def choices(self) -> list[str]:
        """The words of a text such as "litellm, llama-swap or envoy"."""
        words = re.split(r", | or ", self.text)
        plain = all(re.fullmatch(r"[a-z][a-z0-9-]*", word) for word in words)
        return words if plain and len(words) > 1 else []

    @property
    def takes_file(self) -> bool:
        return self.value in ("FILE", "OLD", "NEW", "DIR", "FOLDER") or (
            self.names[0] in ("FILE", "OLD", "NEW"))


@dataclass
class Command:
    words: list[str]  # ["penstock", "serve"]
    about: str = ""
    usage: str = ""
    options: list[Entry] = field(default_factory=list)
    arguments: list[Entry] = field(default_factory=list)
    commands: list["Command"] = field(default_factory=list)
    footer: str = ""


def entry_of(section: str, head: str, text: str) -> Entry:
    if section == "Subcommands":
        return Entry([head], "", text)
    name, _, rest = head.partition(" ")
    rest = rest.replace("REQUIRED", "").strip()
    if section == "Positionals":
        return Entry([name], rest or name, text)
    # The type may have an equals sign itself (`NAME=VALUE`) or be a form in quotes, with spaces. A
    # range (`UINT:INT in [1 - 256]`), a default (`=1`), a variable (`(Env:NAME)`) and `...` follow.
    value = re.match(r"^('[^']*'|[^:=\s\[(]*(=[A-Z]+\b)?)", rest).group()
    remark = rest[len(value):].strip(" :")
    repeats = remark.endswith("...")
    variable = re.search(r"\(Env:(\w+)\)", remark)
    remark = re.sub(r"\(Env:\w+\)|\.\.\.|U?INT in |FLOAT in ", "", remark).strip()
    allowed, _, default = remark.partition("=")
    parts = (allowed.strip(), default and f"default: {default}",
             variable and f"or the variable {variable[1]}")
    return Entry(name.split(","), value.strip("'"), text, ", ".join(filter(None, parts)), repeats)


def parse(words: list[str], help_text: str) -> tuple[Command, list[Entry]]:
    command = Command(words)
    lines = help_text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Usage: "))
    command.about = " ".join(lines[:start]).strip()
    command.usage = lines[start].removeprefix("Usage: ")
    section, subcommands = "", []
    lists = {"Options": command.options, "Positionals": command.arguments,
             "Subcommands": subcommands}
    for number, line in enumerate(lines[start + 1:], start + 1):
        heading = SECTION.match(line)
        if heading:
            section = heading[1] if heading[1] in lists else "Options"
        elif line.startswith(" " * 12) and section and lists[section]:
            last = lists[section][-1]
            last.text = f"{last.text} {line.strip()}".strip()
        elif line.startswith("  ") and section:
            head, _, text = line.strip().partition("  ")
            lists[section].append(entry_of(section, head, text.strip()))
        elif line.strip():
            command.footer = "\n".join(lines[number:]).strip()
            break
    return command, subcommands


def read(program: list[str], words: list[str]) -> Command:
    """Asks the program, and each of its commands. `program` is how it is started here."""
    result = subprocess.run([*program, *words[1:], "--help"], check=True, capture_output=True,
                            encoding="utf-8")
    command, subcommands = parse(words, result.stdout)
    for entry in subcommands:
        child = read(program, [*words, entry.names[0]])
        child.about = entry.text
        command.commands.append(child)
    return command
