"""Build an addon's README.rst and Apps-list page from its readme/ fragments.

Run with the virtual environment's Python: it needs mistune and docutils.
"""

import argparse
import io
import re
import sys
from pathlib import Path

import docutils.core
import mistune
from mistune.renderers.rst import RSTRenderer

from . import checkout
from .system import CHECKOUT

SECTIONS = {
    "DESCRIPTION": "",
    "CONTEXT": "Why",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known limits",
    "CREDITS": "Credits",
}
NOTE = "Made by setup/docs from the files in readme/: change those."
LICENCES = {
    "AGPL-3": "[GNU Affero General Public License, version 3 or later]"
    "(https://www.gnu.org/licenses/agpl-3.0-standalone.html)"
}
# Fragments link to pictures as seen from readme/.
PICTURES = "../static/description/"


class _Rst(RSTRenderer):
    """mistune's renderer, with the tables and nested lists that it gets wrong."""

    def list(self, token, state):
        ordered = token["attrs"]["ordered"]
        items = []
        for number, item in enumerate(token["children"], 1):
            mark = f"{number}. " if ordered else "- "
            blocks = [self.render_token(block, state) for block in item["children"]]
            text = "\n\n".join(block.strip("\n") for block in blocks if block.strip())
            items.append(mark + text.replace("\n", "\n" + " " * len(mark)))
        return re.sub(r"(?m)^ +$", "", "\n\n".join(items)) + "\n\n"

    def table(self, token, state):
        head, body = token["children"]
        rows = [head, *body["children"]]
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for row in rows:
            for number, cell in enumerate(row["children"]):
                mark = "   * - " if number == 0 else "     - "
                lines.append(mark + self.render_children(cell, state))
        return "\n".join(lines) + "\n\n"


def _lower_headings(text: str) -> str:
    """Put a fragment's headings below its section's, code blocks untouched."""
    blocks = re.split(r"(?ms)(^```.*?^```)", text)
    blocks[::2] = [re.sub(r"(?m)^(#+) ", r"##\1 ", block) for block in blocks[::2]]
    return "".join(blocks)


def markdown(addon: str) -> str:
    """Return the whole text of an addon in Markdown."""
    manifest = checkout.manifests()[addon]
    parts = [f"# {manifest['name']}", f"**{manifest['summary']}**"]
    for name, title in SECTIONS.items():
        path = CHECKOUT / addon / "readme" / f"{name}.md"
        if path.is_file():
            parts += [f"## {title}"] if title else []
            parts.append(_lower_headings(path.read_text().strip()))
    licence = LICENCES.get(manifest["license"], manifest["license"])
    parts.append(f"## Licence\n\n{licence}. Made by {manifest['author']}.")
    return "\n\n".join(parts) + "\n"


def _rst(text: str) -> str:
    renderer = mistune.create_markdown(renderer=_Rst(), plugins=["table"])
    body = str(renderer(text.replace(PICTURES, "static/description/")))
    return f".. {NOTE}\n\n" + re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _html(text: str, title: str) -> str:
    # The Apps page of Odoo shows the name above it.
    text = text.removeprefix(f"# {title}\n")
    renderer = mistune.create_markdown(plugins=["table"])
    # Odoo looks for the pictures beside the page.
    body = str(renderer(text.replace(PICTURES, ""))).strip()
    body = body.replace("<img ", '<img class="img-fluid border" ')
    body = body.replace("<table>", '<table class="table table-sm">')
    return f"""\
<!DOCTYPE html>
<!-- {NOTE} -->
<html lang="en">
<head>
<meta charset="utf-8" />
<title>{mistune.escape(title)}</title>
</head>
<body>
<section class="container">
{body}
</section>
</body>
</html>
"""


def mistakes(rst: str) -> str:
    """Return what docutils has to say against a text, empty when it is fine."""
    complaints = io.StringIO()
    settings = {"report_level": 2, "halt_level": 5, "warning_stream": complaints}
    docutils.core.publish_doctree(rst, settings_overrides=settings)
    return complaints.getvalue()


def _pages(addon: str) -> dict[Path, str]:
    """Return the text that each made file should have."""
    text = markdown(addon)
    root = CHECKOUT / addon
    title = checkout.manifests()[addon]["name"]
    return {
        root / "README.rst": _rst(text),
        root / "static" / "description" / "index.html": _html(text, title),
    }


def main(words: list[str]) -> int:
    """Write the pages, or with --check say which are not current."""
    parser = argparse.ArgumentParser(prog="setup/docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(words).check
    wrong = 0
    for addon in checkout.manifests():
        for path, text in _pages(addon).items():
            name = path.relative_to(CHECKOUT)
            if path.suffix == ".rst" and (found := mistakes(text)):
                print(f"{name}: reStructuredText is wrong:\n{found}")
                wrong += 1
            if path.is_file() and path.read_text() == text:
                continue
            if check:
                print(f"{name} is not current: run setup/docs")
                wrong += 1
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                print(f"{name} written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
