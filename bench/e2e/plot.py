"""Bar charts as SVG: a bar a system, with the spread over the rounds as a line."""

from html import escape

WIDTH = 760
LABEL_WIDTH = 190
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
  .mark { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3; }
"""


def _class_of(name):
    if name.startswith("penstock"):
        return "ours"
    return "floor" if name in ("direct", "relay") else "bar"


def _bar(y, scale, name, label, figure, text):
    x = LABEL_WIDTH
    middle = y + BAR_HEIGHT / 2
    return (f'<text x="{x - 8}" y="{middle + 5}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="{_class_of(name)}" x="{x}" y="{y}" height="{BAR_HEIGHT}" '
            f'width="{max(1, figure.median * scale):.1f}" rx="2"/>'
            f'<line class="spread" x1="{x + max(0, figure.low) * scale:.1f}" y1="{middle}" '
            f'x2="{x + figure.high * scale:.1f}" y2="{middle}"/>'
            f'<text x="{WIDTH - VALUE_WIDTH + 12}" y="{middle + 5}">{escape(text)}</text>')


def bar_chart(title, note, bars, mark=None):
    """`bars`: (name, label, figure, text). `mark`: a value at which a line stands."""
    longest = max([figure.high for _, _, figure, _ in bars] + [mark or 0, 1e-9])
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / longest
    height = TOP + len(bars) * (BAR_HEIGHT + GAP) + GAP
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}"><style>{STYLE}</style>'
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
             f'<text class="title" x="16" y="24">{escape(title)}</text>'
             f'<text class="note" x="16" y="42">{escape(note)}</text>']
    for index, (name, label, figure, text) in enumerate(bars):
        parts.append(_bar(TOP + index * (BAR_HEIGHT + GAP), scale, name, label, figure, text))
    if mark is not None:
        x = LABEL_WIDTH + mark * scale
        parts.append(f'<line class="mark" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" '
                     f'y2="{height - 4}"/>')
    return "\n".join(parts + ["</svg>\n"])
