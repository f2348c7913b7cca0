# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the built site: links lead somewhere, pages fit on a desktop and a phone, and the dark form can be read.

Headless Chromium measures all pages, and leaves screenshots of some in ``.cache/screenshots``, light and dark.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import html
import html.parser
import http.server
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator

from tools.check import LEFT_OUT
from tools.docs import BUILT
from tools.environment import CACHE

SITE = BUILT / "html"
SCREENSHOTS = CACHE / "screenshots"
WIDTHS = {"desktop": 1280, "phone": 390}
SHOWN = ("index", "docsite/start", "docsite/states", "docsite/domain_xml", "docsite/connecting", "esx_domain_module")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Blink's numbers for what a reader's system prefers.
SCHEMES = {"dark": 0, "light": 1}
# The least contrast of text and background that the web's accessibility guidelines accept, for large text.
CONTRAST = 3

# Loads every page in a frame of each width, and says by how many pixels its content is wider, and which text is pale.
MEASURE = """<!doctype html><pre id="found"></pre><script>
const pages = PAGES, widths = WIDTHS, wide = [], pale = [];
const load = (frame, url) => new Promise(done => { frame.onload = done; frame.src = url; });
const parts = color => color.match(/[0-9.]+/g).map(Number);
const luminance = color => parts(color).slice(0, 3).map(part => part / 255)
  .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
function behind(element) {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if ((parts(color)[3] ?? 1) === 1) return color;
  }
  return "rgb(255, 255, 255)";
}
function contrast(element) {
  const style = getComputedStyle(element);
  const [a, b] = [element.ownerSVGElement ? style.fill : style.color, behind(element)].map(luminance);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
function palest(root) {
  const texts = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isSeen = element.checkVisibility() && element.getBoundingClientRect().width > 1;
    if (texts.currentNode.data.trim() && isSeen && contrast(element) < CONTRAST)
      return texts.currentNode.data.trim().slice(0, 60);
  }
}
(async () => {
  for (const width of widths) {
    const frame = document.createElement("iframe");
    frame.style.cssText = `width:${width}px;height:800px;border:0`;
    document.body.append(frame);
    for (const page of pages) {
      await load(frame, page);
      const root = frame.contentDocument.documentElement;
      if (root.scrollWidth > root.clientWidth) wide.push([page, width, root.scrollWidth - root.clientWidth]);
      const text = palest(frame.contentDocument.body);
      if (text) pale.push([page, width, text]);
    }
  }
  document.getElementById("found").textContent = JSON.stringify({pages: pages.length, wide, pale});
})();
</script>"""


class Links(html.parser.HTMLParser):
    """The targets and the addresses in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag has of them."""
        self.ids |= {value for name, value in attrs if name in ("id", "name") and value}
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]


def broken_links() -> list[str]:
    """Internal addresses that lead nowhere, each with its page."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(SITE.rglob("*.html"))}
    broken = []
    for path, page in pages.items():
        for address in page.addresses:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            fragment = urllib.parse.unquote(parts.fragment)
            if not target.exists() or (fragment and target in pages and fragment not in pages[target].ids):
                broken.append(f"{path.relative_to(SITE)}: {address}")
    return broken


@contextlib.contextmanager
def served(directory: pathlib.Path) -> Iterator[str]:
    """The address at which a directory is served for the time of the block."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002
            """Say nothing."""

    class Patient(http.server.ThreadingHTTPServer):
        def handle_error(self, *_where: object) -> None:
            """A browser may leave before it has all of a file."""

    handler = functools.partial(Quiet, directory=str(directory))
    with Patient(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def browse(browser: str, scheme: str, *arguments: str) -> str:
    """What Chromium prints for a reader who prefers a scheme."""
    with tempfile.TemporaryDirectory(prefix="virt-esx-browser-") as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def faulty_pages(browser: str, address: str) -> list[str]:
    """The pages whose content is wider than the window, and those with text that is hard to see."""
    pages = [f"/{path.relative_to(SITE)}" for path in sorted(SITE.rglob("*.html")) if path.name != "measure.html"]
    text = MEASURE.replace("PAGES", json.dumps(pages)).replace("WIDTHS", json.dumps(list(WIDTHS.values())))
    (SITE / "measure.html").write_text(text.replace("CONTRAST", str(CONTRAST)), encoding="utf-8")
    try:
        printed = browse(browser, "dark", "--virtual-time-budget=120000", "--dump-dom", f"{address}/measure.html")
    finally:
        (SITE / "measure.html").unlink()
    found = re.search(r'<pre id="found">(\{.*?\})</pre>', printed)
    if found is None:
        raise SystemExit("Chromium did not measure the pages.")
    measured = json.loads(html.unescape(found[1]))
    print(f"Chromium measured {measured['pages']} pages")
    wide = [f"{page} is {more} pixels too wide for {width}" for page, width, more in measured["wide"]]
    return wide + [
        f"{page}, {width} wide, is hard to read in the dark: {text}" for page, width, text in measured["pale"]
    ]


def take_screenshots(browser: str, address: str) -> None:
    """Pictures of some pages, at each width, light and dark."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)

    def take(page: str, device: str, scheme: str) -> None:
        file = SCREENSHOTS / f"{page.replace('/', '-')}-{device}-{scheme}.png"
        window = f"--window-size={WIDTHS[device]},2000"
        browse(browser, scheme, window, f"--screenshot={file}", f"{address}/{page}.html")

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(take, *zip(*itertools.product(SHOWN, WIDTHS, SCHEMES))))


def main() -> int:
    """Check the site that ``make docs`` has built."""
    wrong = broken_links()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is not None:
        with served(SITE) as address:
            wrong += faulty_pages(browser, address)
            take_screenshots(browser, address)
    if wrong:
        print(*wrong, sep="\n")
        return 1
    if browser is None:
        print("all links are right; to look at the pages, install Chromium")
        return LEFT_OUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
