"""What `cmake --install` puts where, and what the service and the packages say of themselves."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["PENSTOCK_BUILD"])
ROOT = pathlib.Path(__file__).parents[2]
PREFIX = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$",
                   (BUILD / "CMakeCache.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]

SERVER = {
    "bin/penstock",
    "etc/penstock/run.yaml",
    "lib/systemd/system/penstock.service",
    "lib/sysusers.d/penstock.conf",
    "share/bash-completion/completions/penstock",
    "share/doc/penstock/LICENSE",
    "share/doc/penstock/README.md",
    "share/doc/penstock/configuration.md",
    "share/doc/penstock/examples/credentials.conf",
    "share/doc/penstock/examples/run.yaml",
    "share/fish/vendor_completions.d/penstock.fish",
    "share/man/man1/penstock.1",
    "share/man/man5/penstock.yaml.5",
    "share/penstock/prices.json",
    "share/zsh/vendor-completions/_penstock",
}
SIMULATOR = {
    "bin/penstock-sim",
    "share/bash-completion/completions/penstock-sim",
    "share/fish/vendor_completions.d/penstock-sim.fish",
    "share/man/man1/penstock-sim.1",
    "share/zsh/vendor-completions/_penstock-sim",
}


def installed(component):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "--install", BUILD, "--component", component],
                       check=True, capture_output=True, env=os.environ | {"DESTDIR": folder})
        files = {"/" + str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*")
                 if path.is_file()}
        # With /usr, the folders of the configuration and of units are not below it.
        return {path.removeprefix(PREFIX).removeprefix("/") for path in files}


class Installation(unittest.TestCase):
    def test_of_the_server_has_its_service_configuration_and_documents(self):
        files = installed("penstock")
        self.assertLessEqual(SERVER, files)
        self.assertEqual(files & SIMULATOR, set())

    def test_of_the_simulator_is_a_component_of_its_own(self):
        self.assertEqual(installed("simulator"), SIMULATOR)


class Unit(unittest.TestCase):
    # Each with the folders of the program and of the configuration.
    units = (
        (BUILD / "packaging/penstock.service", f"{PREFIX}/bin", "etc/penstock"),
        (BUILD / "packaging/tarball/penstock.service", "/opt/penstock/bin", "/opt/penstock/etc"),
    )

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_is_rated_two_or_better(self):
        for unit, *_ in self.units:
            # The threshold is in tenths.
            result = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                                     "--threshold=20", unit], capture_output=True,
                                    encoding="utf-8")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_starts_what_is_installed(self):
        for unit, bin_dir, config_dir in self.units:
            text = unit.read_text(encoding="utf-8")
            programs = re.findall(r"^ExecStart(?:Pre)?=(\S+)", text, re.MULTILINE)
            self.assertEqual(programs, [f"{bin_dir}/penstock"] * 2)
            self.assertIn(f"{config_dir}/run.yaml\n", text)
            self.assertNotIn("@unit", text)

    def test_stops_no_drain_early(self):
        resolved = subprocess.run([BUILD / "bin/penstock", "check", ROOT / "packaging/run.yaml"],
                                  check=True, capture_output=True, encoding="utf-8").stdout
        drain = re.search(r"^    drain: (\d+)", resolved, re.MULTILINE)
        for unit, *_ in self.units:
            allowed = re.search(r"^TimeoutStopSec=(\d+)$", unit.read_text(encoding="utf-8"),
                                re.MULTILINE)
            self.assertGreater(int(allowed[1]), int(drain[1]))


class DefaultConfiguration(unittest.TestCase):
    def test_needs_no_variables_and_serves_this_machine_only(self):
        result = subprocess.run([BUILD / "bin/penstock", "check", ROOT / "packaging/run.yaml"],
                                capture_output=True, encoding="utf-8", env={})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn('\n  host: "127.0.0.1"\n', result.stdout)

    def test_has_one_line_with_the_upstream(self):
        text = (ROOT / "packaging/run.yaml").read_text(encoding="utf-8")
        self.assertEqual(len(re.findall(r"^ +base_url: http", text, re.MULTILINE)), 1)


class DebianPackage(unittest.TestCase):
    def test_has_the_version_of_the_project(self):
        project = re.search(r"project\(penstock VERSION (\S+)",
                            (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        changelog = (ROOT / "debian/changelog").read_text(encoding="utf-8")
        self.assertEqual(re.match(r"penstock \(([^)]+)\)", changelog)[1], project)

    def test_is_built_with_the_libraries_that_the_build_installs(self):
        listed = re.findall(r"^build +((?:lib|nlohmann|zlib)\S+)",
                            (ROOT / "scripts/packages.txt").read_text(encoding="utf-8"),
                            re.MULTILINE)
        control = (ROOT / "debian/control").read_text(encoding="utf-8")
        needed = re.findall(r"^ ((?:lib|nlohmann|zlib)[\w.+-]+)", control.split("\n\n")[0],
                            re.MULTILINE)
        self.assertEqual(sorted(needed), sorted(listed))


if __name__ == "__main__":
    unittest.main()
