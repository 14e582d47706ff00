"""What can be seen of a page at a width: what sticks out, is small, overlaps or is hard to read."""

from pathlib import Path
from typing import Any

HEIGHT = 900

# What stands in a box that scrolls may be wider, the box itself may not.
_MEASURE = """() => {
  const root = document.documentElement;
  const all = [...document.querySelectorAll('body *')];
  const seen = node => node.getClientRects().length > 0;
  const scale = node => {  // a chart that is shrunk shrinks its text
    const svg = node.closest('svg'), drawn = svg ? svg.viewBox.baseVal.width : 0;
    return drawn ? svg.getBoundingClientRect().width / drawn : 1;
  };
  const wide = all.filter(node => {
    const box = node.getBoundingClientRect();
    return !node.parentElement.closest('.scroll') && box.width &&
      (box.right > root.clientWidth + 0.5 || box.left < -0.5);
  });
  const small = all.filter(node =>
    node.childElementCount == 0 && node.textContent.trim() && seen(node) &&
    parseFloat(getComputedStyle(node).fontSize) * scale(node) < 11.9);
  const overlaps = [];
  for (const svg of document.querySelectorAll('svg')) {
    const texts = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()])
      .filter(([t, b]) => b.width);
    texts.forEach(([t, b], i) => texts.slice(i + 1).forEach(([u, c]) => {
      const x = Math.min(b.right, c.right) - Math.max(b.left, c.left);
      const y = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
      if (x > 1 && y > 4) overlaps.push(t.textContent + ' / ' + u.textContent);
    }));
  }
  return {
    scrolls: root.scrollWidth, client: root.clientWidth,
    tables: [...document.querySelectorAll('.scroll')].map(n => ({
      beyond: n.scrollWidth - n.clientWidth, below: n.scrollHeight - n.clientHeight,
      cue: [n.previousElementSibling].some(e => e && e.matches('.cue') && seen(e)),
      borders: getComputedStyle(n.querySelector('table')).borderCollapse,
    })),
    wide: wide.map(n => n.tagName + ' ' + n.textContent.slice(0, 60)),
    small: small.map(n => n.textContent), overlaps,
    charts: [...document.querySelectorAll('svg')].filter(seen).length,
    images: document.images.length, scripts: document.scripts.length,
    text: document.body.innerText,
  };
}"""

# Axe leaves out text in drawings and on gradients: here each is held against what it stands on,
# in a drawing the shapes below it, elsewhere the nearest background.
_FAINT = """() => {
  const parts = css => css.match(/[\\d.]+/g).map(Number);
  const over = (top, share, below) => below.map((c, i) => share * top[i] + (1 - share) * c);
  const light = rgb => rgb.map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(node).backgroundColor);
      if (a == 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const painted = text => {
    const box = text.getBoundingClientRect();
    const middle = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2);
    return [...text.ownerSVGElement.querySelectorAll('path,rect,circle')]
      .filter(shape => !shape.closest('pattern,clipPath') &&
        shape.isPointInFill(middle.matrixTransform(shape.getScreenCTM().inverse())))
      .map(shape => getComputedStyle(shape)).filter(style => style.fill.startsWith('rgb'))
      .reduce((ground, style) =>
        over(parts(style.fill), style.fillOpacity * style.opacity, ground), behind(text));
  };
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(each => each.nodeType == 3 && each.data.trim());
    const style = getComputedStyle(node), drawn = node.ownerSVGElement;
    if (!own || !node.getClientRects().length || node.tagName == 'title') continue;
    const ground = drawn ? painted(node) : behind(node);
    const ink = parts(drawn ? style.fill : style.color).slice(0, 3);
    const [dim, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dim + 0.05);
    if (contrast < 4.5) found.push(`${node.textContent.slice(0, 60)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""


def show(tab: Any, page: Path, width: int, theme: str = "light") -> None:
    """The page in a window of this width; loaded once, then only resized."""
    tab.set_viewport_size({"width": width, "height": HEIGHT})
    tab.emulate_media(color_scheme=theme, media="screen")
    if tab.url != page.as_uri():
        tab.goto(page.as_uri())


def measured(tab: Any, page: Path, width: int) -> dict[str, Any]:
    show(tab, page, width)
    found: dict[str, Any] = tab.evaluate(_MEASURE)
    return found


def faint(tab: Any, page: Path, width: int, theme: str) -> list[str]:
    """Texts whose contrast is under 4.5 : 1 (WCAG 1.4.3), in charts and out of them."""
    show(tab, page, width, theme)
    found: list[str] = tab.evaluate(_FAINT)
    return found
