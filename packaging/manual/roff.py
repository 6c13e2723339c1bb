"""Writes manual pages: the commands of a program, and Markdown."""

import re

from program_help import Command, Entry


def escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    # A point or an apostrophe at the front of a line would be a request.
    return re.sub(r"^(?=[.'])", r"\\&", text.replace("`", "\\(ga"), flags=re.MULTILINE)


def inline(text: str) -> str:
    """A line of Markdown: code and strong words in bold, links as their text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"`([^`]+)`", re.sub(r"\*\*([^*]+)\*\*", r"`\1`", text))
    return "".join(f"\\fB{escape(part)}\\fR" if i % 2 else escape(part)
                   for i, part in enumerate(parts) if part)


def code(lines: list[str]) -> list[str]:
    return [".PP", ".RS 4", ".nf", *(escape(line) or "\\&" for line in lines), ".fi", ".RE"]


def text_and_code(text: str) -> list[str]:
    """What follows a program's options: what is indented is a command to type."""
    result, paragraph, typed = [], [], []

    def flush() -> None:
        if typed:
            result.extend(code(typed))
        if paragraph:
            result.extend([".PP", inline(" ".join(paragraph))])
        typed.clear()
        paragraph.clear()

    for line in text.splitlines():
        if line.startswith("  "):
            if paragraph:
                flush()
            typed.append(line[2:])
        else:
            if typed or not line:
                flush()
            if line:
                paragraph.append(line)
    flush()
    return result


def entry_lines(entry: Entry) -> list[str]:
    names = ", ".join(f"\\fB{escape(name)}\\fR" for name in entry.names)
    value = f" \\fI{escape(entry.value)}\\fR" if entry.value not in ("", *entry.names) else ""
    remark = f" ({entry.remark})" if entry.remark else ""
    return [".TP", names + value, inline(entry.text + remark)]


def command_lines(command: Command) -> list[str]:
    result = []
    for entry in [*command.arguments, *command.options]:
        if "--help" not in entry.names:
            result += entry_lines(entry)
    return result


def section_lines(command: Command) -> list[str]:
    """The commands below `command`, each with its own, in the order of the program."""
    result = []
    for child in command.commands:
        if not child.commands:
            about = child.about[:1].upper() + child.about[1:].rstrip(".") + "."
            usage = escape(" ".join(child.usage.split()))
            result += [f".SS {escape(' '.join(child.words[1:]))}", inline(about), ".PP",
                       f"\\fB{usage}\\fR", *command_lines(child), *text_and_code(child.footer)]
        result += section_lines(child)
    return result


def tidied(page: str) -> str:
    """A paragraph begins by itself after a heading."""
    return re.sub(r"^(\.S[HS] .*\n)\.PP\n", r"\1", page, flags=re.MULTILINE)


def program_page(template: str, command: Command, version: str) -> str:
    fill = {
        "@VERSION@": [escape(version)],
        "@OPTIONS@": command_lines(command),
        "@COMMANDS@": section_lines(command),
        "@FOOTER@": text_and_code(command.footer.removeprefix("Examples:\n")),
    }
    for name, lines in fill.items():
        template = template.replace(name, "\n".join(lines))
    return tidied(template)


def heading(line: str, depth: int) -> str:
    title = re.sub(r"`", "", line[depth:].strip())
    return f".SH {escape(title.upper())}" if depth == 2 else f".SS {escape(title)}"


def table_lines(rows: list[list[str]]) -> list[str]:
    """Tables become lists: the first cell is the term."""
    head, *body = rows
    result = []
    for cells in body:
        result += [".TP", inline(cells[0]) or "\\&"]
        if head[:3] == ["key", "type", "default"]:
            kind = ", ".join(part for part in (
                cells[1], cells[2] and f"default: {cells[2]}") if part)
            result.append(inline(f"({kind}) {cells[3]}" if kind else cells[3]))
        else:
            result.append(inline("; ".join(cell for cell in cells[1:] if cell)) or "\\&")
    return result


def markdown_lines(text: str) -> list[str]:
    result = []
    for block in split_blocks(text):
        first = block[0]
        if first.startswith("```"):
            result += code(block[1:-1])
        elif first.startswith("#"):
            depth = len(first) - len(first.lstrip("#"))
            if depth > 1:
                result.append(heading(first, depth))
        elif first.startswith("|"):
            rows = [[cell.strip().replace("\0", "|") for cell in
                     line.replace("\\|", "\0").strip().strip("|").split("|")] for line in block]
            result += table_lines([rows[0], *rows[2:]])
        elif first.startswith("- "):
            items = re.split(r"^- ", "\n".join(block), flags=re.MULTILINE)[1:]
            for item in items:
                result += [".IP \\(bu 2", inline(" ".join(item.split()))]
        elif first.startswith("    "):
            result += code([line[4:] for line in block])
        else:
            result += [".PP", inline(" ".join(block))]
    return result


def split_blocks(text: str) -> list[list[str]]:
    """Paragraphs, tables, lists, headings and whole blocks of code."""
    blocks, block, fenced = [], [], False
    for line in text.splitlines():
        if not fenced and line.startswith("<!--"):
            continue
        if line.startswith("```"):
            if not fenced and block:
                blocks.append(block)
                block = []
            block.append(line)
            if fenced:
                blocks.append(block)
                block = []
            fenced = not fenced
        elif fenced or line.strip():
            block.append(line)
            if not fenced and line.startswith("#") and len(block) == 1:
                blocks.append(block)
                block = []
        elif block:
            blocks.append(block)
            block = []
    return [*blocks, block] if block else blocks
