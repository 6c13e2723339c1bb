"""The report: report.md for readers, report.json for programs, and the plots."""

import json
from pathlib import Path

import failover
import figures
from figures import Figure
from kinds import KINDS
from measure import CEILING
from plot import bar_chart
from targets import TARGETS

# The cells that are measured on fresh processes: name, title, and figures.
FRESH_CELLS = (
    ("idle", "Idle streams", (("stream_kib", "Memory a stream", "KiB", 2),
                              ("cpu_share", "CPU of all streams", "cores", 4))),
    ("idle-tls", "Idle streams, TLS to the upstream",
     (("stream_kib", "Memory a stream", "KiB", 2),
      ("cpu_share", "CPU of all streams", "cores", 4))),
    ("peak", "Many clients sending 150 KB", (("peak_mib", "Peak memory", "MiB", 1),)),
    ("rest", "A process at rest", (("memory_mib", "Memory", "MiB", 1),
                                   ("first_answer_ms", "First answer after exec", "ms", 1))),
)


class Results:
    """Everything that a run has measured."""

    def __init__(self, machine, plan):
        self.machine = machine
        self.plan = plan
        self.blocks = {}  # by cell: measure.Blocks
        self.fresh = {}  # by cell, by system: {figure: value}
        self.failover = {}  # by failure, by system: the figures of each round
        self.gaps = {}  # by system: why it has no column
        self.notes = []
        self.peers = None  # the Results of the pass with other gateways

    def names(self):
        """The systems that have a column, in order."""
        seen = {name for blocks in self.blocks.values() for name in blocks.rounds}
        seen |= {name for systems in self.fresh.values() for name in systems}
        return [name for name in KINDS if name in seen]

    def unreadable(self, cell):
        blocks = self.blocks.get(cell)
        return figures.why_unreadable(blocks, CEILING) if blocks else None

    def nginx_differs(self, target):
        """Whether nginx differs too much from itself in the figure that is compared with it."""
        blocks = self.blocks.get(target.cell)
        if blocks is None or target.against != "nginx":
            return False
        return figures.is_off(figures.control(blocks, target.metric))

    def of_target(self, target):
        """The figure that a target is about, or None."""
        if target.cell in self.blocks:
            blocks = self.blocks[target.cell]
            metric = figures.metric_of(blocks, target.metric)
            if target.against:
                return figures.ratio(blocks, metric, target.system, target.against)
            return figures.value(blocks, target.system, metric)
        found = self.fresh.get(target.cell, {}).get(target.system, {}).get(target.metric)
        return None if found is None else Figure(found, found, found, 1)

    def verdict(self, target):
        figure = self.of_target(target)
        if figure is None:
            return "not measured"
        if self.unreadable(target.cell) or self.nginx_differs(target):
            return "unreadable"
        if not target.met_by(figure.median, target.bound):
            return "**missed**"
        return "met, and the next" if target.met_by(figure.median, target.then) else "met"


def _spread(figure, digits=2):
    return f"{figure.low:.{digits}f}–{figure.high:.{digits}f}"


def _targets_table(results):
    lines = ["| cell | system | against | measured (spread) | target | then | verdict |",
             "| --- | --- | --- | --: | --: | --: | --- |"]
    for target in TARGETS:
        figure = results.of_target(target)
        measured = "—"
        if figure is not None:
            spread = f" ({_spread(figure)})" if figure.rounds > 1 else ""
            measured = f"{figure.median:.2f}{spread} {target.unit}".strip()
        sign = "≥" if target.at_least else "≤"
        against = KINDS[target.against].title if target.against else "—"
        lines.append(f"| {target.title} | {KINDS[target.system].title} | {against} | {measured} "
                     f"| {sign} {target.bound:g} {target.unit} | {sign} {target.then:g} "
                     f"| {results.verdict(target)} |")
    return lines


def _digits(ratio):
    """How many decimals a ratio needs, so that large and small ones are equally precise."""
    steps = ((100, 0), (10, 1), (0.1, 2), (0.01, 3))
    return next((digits for least, digits in steps if ratio >= least), 4)


def _cell_text(blocks, metric, name, base):
    figure = figures.value(blocks, name, metric)
    if figure is None:
        return "failed" if name in blocks.faults else "—"
    text = f"{figure.median:.{metric.digits}f}"
    to_base = figures.ratio(blocks, metric, name, base)
    if to_base is None or name in (base, "direct"):
        return text
    digits = _digits(to_base.median)
    return f"{text}<br>×{to_base.median:.{digits}f} ({_spread(to_base, digits)})"


def _figures_table(results, base):
    """`base`: the system that the ratios are to."""
    names = results.names()
    lines = ["| cell | figure | " + " | ".join(KINDS[name].title for name in names) + " |",
             "| --- | --- |" + " --: |" * len(names)]
    for blocks in results.blocks.values():
        for metric in blocks.cell.metrics:
            cells = [_cell_text(blocks, metric, name, base) for name in names]
            unit = f", {metric.unit}" if metric.unit else ""
            head = f"| {blocks.cell.title} | {metric.title}{unit} | "
            lines.append(head + " | ".join(cells) + " |")
    for cell, title, columns in FRESH_CELLS:
        for figure, figure_title, unit, digits in columns:
            if cell not in results.fresh:
                continue
            found = [results.fresh[cell].get(name, {}).get(figure) for name in names]
            cells = ["—" if value is None else f"{value:.{digits}f}" for value in found]
            lines.append(f"| {title} | {figure_title}, {unit} | " + " | ".join(cells) + " |")
    return lines


def _failover_text(rounds, figure, base):
    """A median, and its ratio to that of another system in the same rounds."""
    if not rounds:
        return "—"
    of = Figure.of([each[figure] for each in rounds])
    text = f"{of.median:.1f} ({_spread(of, 1)})"
    if base is None or len(base) != len(rounds):
        return text
    ratio = Figure.of([one[figure] / other[figure] if other[figure] > 0 else None
                       for one, other in zip(rounds, base)])
    return text if ratio is None else f"{text}<br>×{ratio.median:.2f}"


def _failover_section(results):
    names = [name for name in failover.SYSTEMS
             if any(name in systems for systems in results.failover.values())]
    lines = ["", "## The first of two upstreams fails", "",
             "A figure is the median of its rounds (spread); ×N is the ratio to Penstock B in the "
             "same rounds. One connection, closed loop.", "",
             "| the first upstream | figure | "
             + " | ".join(failover.SYSTEMS[name].title for name in names)
             + " |", "| --- | --- |" + " --: |" * len(names)]
    for failure, systems in results.failover.items():
        for figure, title, unit in failover.FIGURES:
            texts = [_failover_text(systems.get(name), figure,
                                    systems.get("penstock-b") if name != "penstock-b" else None)
                     for name in names]
            lines.append(f"| {failure} | {title}, {unit} | " + " | ".join(texts) + " |")
    return lines


def _controls(results):
    lines = []
    for cell, blocks in results.blocks.items():
        checked = figures.control(blocks)
        parts = [f"`{cell}`:"]
        if checked is not None:
            parts.append(f"nginx is {checked.median:.3f} times itself ({_spread(checked, 3)}).")
        if blocks.ceiling is not None:
            parts.append(f"Load and simulator alone reach {blocks.ceiling / blocks.cell.rate:.1f} "
                         "times the rate.")
        if blocks.disturbed:
            parts.append(f"{blocks.disturbed} blocks lost time to other guests.")
        reason = results.unreadable(cell)
        parts.append(f"**Unreadable**: {reason}." if reason else "")
        if len(parts) > 2:
            lines.append("- " + " ".join(part for part in parts if part))
    return lines


def _head(results):
    plan = results.plan
    about = results.machine
    changed = ", with uncommitted changes" if about["changed_files"] else ""
    lines = ["# Side by side", ""]
    if plan.quick:
        lines += ["> A quick run: it shows that everything works; its figures say nothing.", ""]
    lines += [f"Commit {about['commit']}{changed}. {about['processor']}, {about['cores']} cores, "
              f"Linux {about['kernel']}; {about['nginx']}; {about['haproxy']}.",
              "",
              f"{plan.rounds} rounds of {plan.seconds:g} s a block, in changing order. "
              "A figure is the median of its rounds; ×N (spread) is the median of its ratio to "
              "nginx within one round. Penstock is class B unless said. docs/benchmarks.md tells "
              "what each cell is and how to read it."]
    return lines


def _missing(results):
    """What could not be measured, and why."""
    gaps = [f"- {KINDS[name].title}: {why}" for name, why in results.gaps.items()]
    faults = [f"- `{cell}`, {KINDS[name].title}: {why}" for cell, blocks in results.blocks.items()
              for name, why in blocks.faults.items()]
    return [*gaps, *faults, *(f"- {note}" for note in results.notes)]


def _rates(results):
    """A peer's share of a cell's load: less if it cannot sustain all of it."""
    for cell, blocks in results.blocks.items():
        rate_of = [(KINDS[name].title, blocks.cell.rate_for(KINDS[name]))
                   for name in blocks.rounds if name != "direct"]
        if blocks.cell.rate:
            each = ", ".join(f"{title} {rate:g}" for title, rate in rate_of)
            yield f"Requests a second in `{cell}`: {each}."


def _peers_section(results):
    plan = results.plan
    lines = []
    if results.names():
        lines += [f"A pass of their own: {plan.rounds} rounds of {plan.seconds:g} s a block. ×N is "
                  "the ratio to Penstock B of the same round. At low rates requests come one by "
                  "one, which costs every system more for each. docs/benchmarks.md tells what "
                  "each does less or more.", "", *_figures_table(results, "penstock-b"), ""]
        for rates in _rates(results):
            lines += [rates, ""]
    return lines + _missing(results)


def markdown(results, plots):
    lines = _head(results)
    lines += ["", "## Targets", "", *_targets_table(results)]
    lines += ["", "System calls, heap allocations and instructions have tests with a budget: "
              "`ctest -L budget`."]
    lines += ["", "## Figures", "", *_figures_table(results, "nginx")]
    if results.failover:
        lines += _failover_section(results)
    lines += ["", "## Control", "", *_controls(results)]
    missing = _missing(results)
    if missing:
        lines += ["", "## Gaps and faults", "", *missing]
    if results.peers:
        lines += ["", "## Other gateways", "", *_peers_section(results.peers)]
    lines += ["", "## Plots", ""]
    lines += [f"![{title}]({path})\n" for title, path in plots]
    return "\n".join(lines).rstrip() + "\n"


def _as_json(results):
    def of_blocks(blocks):
        metrics = {}
        for metric in blocks.cell.metrics:
            metrics[metric.name] = {name: blocks.values(name, metric) for name in blocks.rounds}
        return {"metrics": metrics, "ceiling": blocks.ceiling, "faults": blocks.faults,
                "disturbed": blocks.disturbed, "blocks": blocks.rounds}

    targets = []
    for target in TARGETS:
        figure = results.of_target(target)
        targets.append({**vars(target), "measured": vars(figure) if figure else None,
                        "verdict": results.verdict(target).strip("*")})
    return {"machine": results.machine, "plan": vars(results.plan), "targets": targets,
            "peers": _as_json(results.peers) if results.peers else None,
            "cells": {cell: of_blocks(blocks) for cell, blocks in results.blocks.items()},
            "fresh": results.fresh, "failover": results.failover, "gaps": results.gaps,
            "notes": results.notes}


def _metric_plots(results, prefix="", logarithmic=False):
    for cell, blocks in results.blocks.items():
        for metric in blocks.cell.metrics:
            bars = []
            for name in results.names():
                figure = figures.value(blocks, name, metric)
                if figure is not None and name != "nginx-control":
                    text = f"{figure.median:.{metric.digits}f} {metric.unit}"
                    bars.append((name, KINDS[name].title, figure, text))
            if bars:
                note = "median over rounds; the line is the spread"
                if logarithmic:
                    note += "; each grey line is ten times the one before"
                title = f"{blocks.cell.title}: {metric.title}"
                yield (title, f"{prefix}{cell}-{metric.name}.svg",
                       bar_chart(title, note, bars, logarithmic=logarithmic))


def _summary_plot(results):
    bars = []
    for target in TARGETS:
        figure = results.of_target(target)
        # Unreadable cells would only stretch the scale.
        readable = figure is not None and results.verdict(target) != "unreadable"
        if target.against == "nginx" and readable:
            bars.append((target.system, target.title, figure, f"×{figure.median:.2f}"))
    if not bars:
        return None
    note = "1 (the dashed line) is nginx; less is better; the line is the spread over rounds"
    return "Penstock against nginx", "summary.svg", bar_chart("Penstock against nginx", note, bars,
                                                              mark=1.0)


def write(results, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plots = []
    of_peers = _metric_plots(results.peers, "peers-", True) if results.peers else ()
    for plot in (_summary_plot(results), *_metric_plots(results), *of_peers):
        if plot is not None:
            title, name, svg = plot
            (folder / name).write_text(svg)
            plots.append((title, name))
    text = markdown(results, plots)
    (folder / "report.md").write_text(text)
    (folder / "report.json").write_text(json.dumps(_as_json(results), indent=1))
    return text
