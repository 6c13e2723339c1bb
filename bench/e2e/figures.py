"""From blocks to figures: medians, spreads, and ratios between systems of one round."""

import statistics
from dataclasses import dataclass

CONTROL_MAX = 0.05  # how far nginx may be from itself


@dataclass(frozen=True)
class Figure:
    """A median over rounds with the smallest and the largest."""

    median: float
    low: float
    high: float
    rounds: int

    @staticmethod
    def of(values):
        known = [value for value in values if value is not None]
        if not known:
            return None
        return Figure(statistics.median(known), min(known), max(known), len(known))


def value(blocks, name, metric):
    return Figure.of(blocks.values(name, metric))


def ratio(blocks, metric, name, against):
    """The median of the ratios within rounds: what slows a whole round cancels out."""
    pairs = zip(blocks.values(name, metric), blocks.values(against, metric))
    return Figure.of([one / other if one is not None and other else None for one, other in pairs])


def metric_of(blocks, name):
    return next(metric for metric in blocks.cell.metrics if metric.name == name)


def control(blocks, name=None):
    """nginx against nginx in a metric, or in the cell's own; None where it has none."""
    name = name or blocks.cell.control
    return ratio(blocks, metric_of(blocks, name), "nginx-control", "nginx") if name else None


def is_off(control_figure):
    return control_figure is not None and abs(control_figure.median - 1) > CONTROL_MAX


def why_unreadable(blocks, ceiling_factor):
    """The reason not to believe a cell, or None."""
    if blocks.ceiling is not None and blocks.ceiling < ceiling_factor * blocks.cell.rate:
        return (f"load and simulator alone reach {blocks.ceiling:.0f} requests a second, less than "
                f"{ceiling_factor} times the cell's {blocks.cell.rate:.0f}")
    checked = control(blocks)
    if is_off(checked):
        return f"nginx is {checked.median:.2f} times itself"
    return None
