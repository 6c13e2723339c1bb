#!/usr/bin/env python3
"""Copies the terms of every library, and of the data, that a bill of materials names.

    scripts/copy-licences.py sbom.cdx.json FOLDER
"""

import json
import sys
from pathlib import Path

DOCS = Path("/usr/share/doc")
PRICES = Path(__file__).parent.parent / "packaging" / "prices"


def main():
    bill, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for component in json.loads(bill.read_text())["components"]:
        if component["type"] == "data":
            (folder / f"{component['name']}.txt").write_bytes((PRICES / "LICENSE").read_bytes())
            continue
        packages = component["properties"][0]["value"].split()
        terms = [DOCS / package / "copyright" for package in packages]
        found = next((path for path in terms if path.exists()), None)
        if found is None:
            raise SystemExit(f"No terms of {component['name']} in {DOCS}: of {packages}.")
        (folder / f"{component['name']}.txt").write_bytes(found.read_bytes())


if __name__ == "__main__":
    main()
