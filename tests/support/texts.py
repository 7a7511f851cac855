"""Texts of a drawn figure that run into each other, or out of it: measured by the renderer, in points."""

from matplotlib.text import Text

NEAR = 1.0  # points that two boxes may share: a box holds the room above small letters, too


def shown_texts(figure):
    """Give each text that is drawn, with its box in points: ticks outside the view are not."""
    figure.draw_without_rendering()
    ticks, hidden = set(), set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                inside = low <= tick.get_loc() <= high and ax.axison
                (ticks if inside else hidden).update({id(tick.label1), id(tick.label2)})
    points = 72 / figure.dpi
    found = []
    for text in figure.findobj(Text):
        seen = text.get_visible() and text.get_text().strip() and id(text) not in hidden
        parent = text.axes is None or text.axes.get_visible()
        if seen and parent:
            box = text.get_window_extent()
            if box.width and box.height:
                found.append((text, [v * points for v in (box.x0, box.y0, box.x1, box.y1)]))
    return found


def collisions(figure):
    """Name the pairs of texts that overlap, and the texts that leave the figure."""
    found = shown_texts(figure)
    width, height = (72 * side for side in figure.get_size_inches())
    said = []
    for i, (text, (x0, y0, x1, y1)) in enumerate(found):
        words = text.get_text()
        if x0 < -NEAR or y0 < -NEAR or x1 > width + NEAR or y1 > height + NEAR:
            said.append(
                f"{words!r} leaves the figure: {x0:.0f}..{x1:.0f} of {width:.0f}, {y0:.0f}..{y1:.0f} of {height:.0f}"
            )
        for other, (a0, b0, a1, b1) in found[i + 1 :]:
            if words.endswith("\n") or other.get_text().endswith("\n"):
                continue  # a title that leaves a line for the small print below it
            if text.get_rotation() == other.get_rotation() not in (0, 90):
                continue  # slanted alike: their boxes overlap where they do not
            if min(x1, a1) - max(x0, a0) > NEAR and min(y1, b1) - max(y0, b0) > NEAR:
                said.append(f"{words!r} meets {other.get_text()!r}")
    return said
