"""The manual pages and completions, as built: they say what the programs say."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["PENSTOCK_BUILD"])
MANUAL = BUILD / "manual"
PROGRAMS = ("penstock", "penstock-sim")


def ask(*words):
    """The options and the commands of what `words` name, read without the pages' own parser."""
    text = subprocess.run([BUILD / "bin" / words[0], *words[1:], "--help"], check=True,
                          capture_output=True, encoding="utf-8").stdout
    lines = text.splitlines()
    options = {name for line in lines for names in re.findall(r"^  ((?:--?[\w-]+,?)+)", line)
               for name in names.split(",")}
    start = lines.index("Subcommands:") + 1 if "Subcommands:" in lines else len(lines)
    commands = []
    for line in lines[start:]:
        if not line.strip():
            break
        if re.match(r"^  \S", line):
            commands.append(line.split()[0])
    return options, commands


def every_command(*words):
    options, commands = ask(*words)
    yield words, options, commands
    for command in commands:
        yield from every_command(*words, command)


def complete_in_bash(*words):
    """What bash offers for the last of the words."""
    script = """
      source "$1"; shift
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _${1//-/_}
      printf '%s\\n' "${COMPREPLY[@]}"
    """
    result = subprocess.run(
        ["bash", "-c", script, "bash", MANUAL / f"{words[0]}.bash", *words],
        check=True, capture_output=True, encoding="utf-8")
    return set(result.stdout.split())


class Pages(unittest.TestCase):
    def test_describe_every_command_and_option(self):
        for program in PROGRAMS:
            page = (MANUAL / f"{program}.1").read_text(encoding="utf-8").replace("\\-", "-")
            for words, options, commands in every_command(program):
                for option in options - {"-h", "--help"}:
                    self.assertIn(f"\\fB{option}\\fR", page, words)
                for command in commands:
                    # One that has commands of its own is described by theirs.
                    name = re.escape(" ".join([*words[1:], command]))
                    self.assertRegex(page, rf"\n\.SS {name}[ \n]")

    def test_have_every_key_of_the_configuration(self):
        root = pathlib.Path(__file__).parents[2]
        document = (root / "docs/configuration.md").read_text(encoding="utf-8")
        page = (MANUAL / "penstock.yaml.5").read_text(encoding="utf-8").replace("\\-", "-")
        keys = re.findall(r"^\| `([^`]+)` \|", document, re.MULTILINE)
        self.assertGreater(len(keys), 100)
        for key in keys:
            self.assertIn(f"\\fB{key}\\fR\n", page)

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_are_well_formed(self):
        for page in sorted(MANUAL.glob("*.[15]")):
            result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page],
                                    capture_output=True, encoding="utf-8")
            lines = [line for line in result.stdout.splitlines() if "missing date" not in line]
            self.assertEqual(lines, [])


class Completions(unittest.TestCase):
    def test_of_bash_offer_every_command_and_option(self):
        for program in PROGRAMS:
            for words, options, commands in every_command(program):
                self.assertLessEqual(options, complete_in_bash(*words, "-"), words)
                if commands:
                    self.assertLessEqual(set(commands), complete_in_bash(*words, ""), words)

    def test_of_bash_offer_files_where_a_file_is_wanted(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "run.yaml").touch()
            wanted = {f"{folder}/run.yaml"}
            self.assertEqual(complete_in_bash("penstock", "serve", "-c", f"{folder}/"), wanted)
            self.assertEqual(complete_in_bash("penstock", "check", f"{folder}/"), wanted)
            self.assertEqual(complete_in_bash("penstock", "serve", "--port", ""), set())

    def test_of_bash_offer_what_an_argument_may_be(self):
        self.assertLessEqual({"litellm", "envoy"}, complete_in_bash("penstock", "import", ""))

    def test_of_zsh_and_fish_name_every_command_and_option(self):
        for program in PROGRAMS:
            zsh = (MANUAL / f"{program}.zsh").read_text(encoding="utf-8")
            fish = (MANUAL / f"{program}.fish").read_text(encoding="utf-8")
            for words, options, commands in every_command(program):
                for option in options:
                    self.assertRegex(zsh, f"'[*]?{option}=?\\[", words)
                    flag = f" -l {option[2:]} " if option.startswith("--") else f" -s {option[1:]} "
                    self.assertIn(flag, fish, words)
                for command in commands:
                    self.assertIn(f"'{command}:", zsh)
                    self.assertIn(f" -a {command} ", fish)

    def test_are_read_by_their_shells(self):
        for shell in filter(shutil.which, ("bash", "zsh", "fish")):
            for program in PROGRAMS:
                subprocess.run([shell, "-n", MANUAL / f"{program}.{shell}"], check=True)


if __name__ == "__main__":
    unittest.main()
