"""Writes the completions of bash, zsh and fish for a program's commands."""

import re

from program_help import Command, Entry


def leaves(command: Command) -> list[Command]:
    return [command, *(leaf for child in command.commands for leaf in leaves(child))]


def path(command: Command) -> str:
    return " ".join(command.words[1:])


def names(entries: list[Entry]) -> list[str]:
    return [name for entry in entries for name in entry.names]


def offered(command: Command) -> str:
    """What may follow the command: its commands, the words of its first argument, its options."""
    choices = command.arguments[0].choices if command.arguments else []
    return " ".join([child.words[-1] for child in command.commands] + choices +
                    names(command.options))


def function_name(program: str) -> str:
    return "_" + program.replace("-", "_")


def bash(command: Command) -> str:
    program = command.words[0]
    steps, values, words = [], [], []
    for leaf in leaves(command):
        here = path(leaf)
        steps += [f'      "{path(child)}") command="{path(child)}" ;;' for child in leaf.commands]
        files = names([option for option in leaf.options if option.takes_file])
        other = names([option for option in leaf.options
                       if option.value and not option.takes_file])
        for kind, options in (("files", files), ("nothing", other)):
            if options:
                patterns = "|".join(f'"{here}:{name}"' for name in options)
                values.append(f"    {patterns}) kind={kind} ;;")
        takes_files = any(argument.takes_file for argument in leaf.arguments)
        words.append(f'    "{here}") words="{offered(leaf)}" files={int(takes_files)} ;;')
    if not steps:
        steps = ["      *) ;;"]
    return "\n".join([
        f"# Completes {program} in bash.",
        f"{function_name(program)}() {{",
        '  local word="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"',
        "  local command= kind=words words= files=0 i",
        "  for ((i = 1; i < COMP_CWORD; i++)); do",
        '    case "${command:+$command }${COMP_WORDS[i]}" in',
        *steps,
        "    esac",
        "  done",
        '  case "$command:$previous" in',
        *values,
        "  esac",
        '  case "$command" in',
        *words,
        "  esac",
        "  COMPREPLY=()",
        '  if [[ "$kind" == words ]]; then',
        '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")',
        "  fi",
        '  if [[ "$kind" == files || ("$kind" == words && "$files" == 1 && "$word" != -*) ]]; then',
        "    compopt -o filenames 2>/dev/null",
        '    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")',
        "  fi",
        "}",
        f"complete -F {function_name(program)} {program}",
        ""])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_text(text: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def zsh_action(entry: Entry) -> str:
    if entry.takes_file:
        return "_files"
    return f"({' '.join(entry.choices)})" if entry.choices and not entry.names[0].startswith(
        "-") else " "


def zsh_arguments(command: Command) -> list[str]:
    lines = []
    for option in command.options:
        value = f":{zsh_text(option.value)}:{zsh_action(option)}" if option.value else ""
        for name in option.names:
            # After the option, and for long ones after `=` as well.
            joint = "=" if value and name.startswith("--") else ""
            repeated = "*" if option.repeats else ""
            lines.append(quoted(f"{repeated}{name}{joint}[{zsh_text(option.text)}]{value}"))
    for argument in command.arguments:
        lines.append(quoted(f":{zsh_text(argument.text)}:{zsh_action(argument)}"))
    return lines


def zsh_function(command: Command) -> list[str]:
    name = "_".join([function_name(command.words[0]), *command.words[1:]]).replace("-", "_")
    arguments = zsh_arguments(command)
    lines = [f"{name}() {{"]
    if not command.commands:
        joined = " \\\n    ".join(arguments)
        return [*lines, f"  _arguments -s \\\n    {joined}", "}"]
    described = "\n      ".join(
        quoted(f"{child.words[-1]}:{child.about}") for child in command.commands)
    joined = " \\\n    ".join([*arguments, "':command:->command'", "'*::argument:->argument'"])
    return [
        *lines,
        "  local -a commands",
        "  local state line context",
        f"  _arguments -C -s \\\n    {joined}",
        '  case "$state" in',
        "    command)",
        f"      commands=(\n      {described})",
        f"      _describe command commands",
        "      ;;",
        "    argument)",
        f'      local function_name="{name}_${{line[1]//-/_}}"',
        '      if (( $+functions[$function_name] )); then "$function_name"; fi',
        "      ;;",
        "  esac",
        "}"]


def zsh(command: Command) -> str:
    program = command.words[0]
    lines = [f"#compdef {program}", ""]
    for leaf in reversed(leaves(command)):
        lines += [*zsh_function(leaf), ""]
    return "\n".join([*lines, f'{function_name(program)} "$@"', ""])


def fish_condition(command: Command) -> str:
    parts = [f"__fish_seen_subcommand_from {word}" for word in command.words[1:]]
    if command.commands:
        children = " ".join(child.words[-1] for child in command.commands)
        parts.append(f"not __fish_seen_subcommand_from {children}")
    return f" -n {quoted('; and '.join(parts))}" if parts else ""


def fish(command: Command) -> str:
    program = command.words[0]
    lines = [f"# Completes {program} in fish.", f"complete -c {program} -f"]
    for leaf in leaves(command):
        start = f"complete -c {program}{fish_condition(leaf)}"
        for child in leaf.commands:
            lines.append(f"{start} -a {child.words[-1]} -d {quoted(child.about)}")
        for option in leaf.options:
            flags = "".join(f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
                            for name in option.names)
            value = "" if not option.value else " -r -F" if option.takes_file else " -x"
            lines.append(f"{start}{flags}{value} -d {quoted(option.text)}")
        for argument in leaf.arguments:
            if argument.choices:
                lines.append(f"{start} -a {quoted(' '.join(argument.choices))}")
            elif argument.takes_file:
                lines.append(f"{start} -F")
    return "\n".join([*lines, ""])
