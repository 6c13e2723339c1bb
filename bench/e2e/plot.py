"""Bar charts as SVG: a bar for each system, with the spread over the rounds as a line."""

import math
from html import escape

WIDTH = 900
LABEL_WIDTH = 330
VALUE_WIDTH = 130
BAR_HEIGHT = 22
GAP = 10
TOP = 56

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .note { fill: #57606a; font-size: 12px; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .floor { fill: #c8ced5; }
  .spread { stroke: #24292f; stroke-width: 1.5; }
  .decade { stroke: #d8dee4; stroke-width: 1; }
  .mark { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3; }
"""


def _class_of(name):
    if name.startswith("penstock"):
        return "ours"
    return "floor" if name in ("direct", "relay") else "bar"


class Scale:
    """From values to pixels: linear, or logarithmic from a power of ten on."""

    def __init__(self, values, logarithmic):
        self.logarithmic = logarithmic
        self.longest = max([*values, 1e-9])
        above = [value for value in values if value > 0]
        self.first = math.floor(math.log10(min(above))) if above else 0
        self.last = max(math.log10(self.longest), self.first + 1)

    def pixels(self, value):
        width = WIDTH - LABEL_WIDTH - VALUE_WIDTH
        if not self.logarithmic:
            return max(0, value) / self.longest * width
        if value <= 0:
            return 0
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return max(0, share) * width

    def decades(self):
        """The powers of ten that get a line."""
        return [10.0 ** power for power in range(self.first, math.floor(self.last) + 1)] \
            if self.logarithmic else []


def _vertical(style, x, height):
    return f'<line class="{style}" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 4}"/>'


def _bar(y, scale, name, label, figure, text):
    x = LABEL_WIDTH
    middle = y + BAR_HEIGHT / 2
    return (f'<text x="{x - 8}" y="{middle + 5}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="{_class_of(name)}" x="{x}" y="{y}" height="{BAR_HEIGHT}" '
            f'width="{max(1, scale.pixels(figure.median)):.1f}" rx="2"/>'
            f'<line class="spread" x1="{x + scale.pixels(figure.low):.1f}" y1="{middle}" '
            f'x2="{x + scale.pixels(figure.high):.1f}" y2="{middle}"/>'
            f'<text x="{WIDTH - VALUE_WIDTH + 12}" y="{middle + 5}">{escape(text)}</text>')


def bar_chart(title, note, bars, mark=None, logarithmic=False):
    """`bars`: (name, label, figure, text). `mark`: a value at which to draw a line."""
    # A bar begins at a power of ten below the least median; a spread may reach further down.
    values = [figure.median for _, _, figure, _ in bars] + [figure.high for _, _, figure, _ in bars]
    scale = Scale(values + ([mark] if mark else []), logarithmic)
    height = TOP + len(bars) * (BAR_HEIGHT + GAP) + GAP
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}"><style>{STYLE}</style>'
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
             f'<text class="title" x="16" y="24">{escape(title)}</text>'
             f'<text class="note" x="16" y="42">{escape(note)}</text>']
    parts += [_vertical("decade", LABEL_WIDTH + scale.pixels(value), height)
              for value in scale.decades()]
    for index, (name, label, figure, text) in enumerate(bars):
        parts.append(_bar(TOP + index * (BAR_HEIGHT + GAP), scale, name, label, figure, text))
    if mark is not None:
        parts.append(_vertical("mark", LABEL_WIDTH + scale.pixels(mark), height))
    return "\n".join(parts + ["</svg>\n"])
