"""Keep each addon's i18n/<addon>.pot and its languages in step with the code.

Run with the virtual environment's Python: it needs polib, and Odoo for the export.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

from . import checkout
from .system import CHECKOUT

LANGUAGES = ("fr", "it")
PLURALS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "it": "nplurals=2; plural=(n != 1);",
}


def terms(catalogue: polib.POFile) -> dict[tuple, tuple]:
    """Return what makes two catalogues the same: texts and where they stand."""
    return {
        (entry.msgctxt, entry.msgid): tuple(sorted(entry.occurrences))
        for entry in catalogue
        if not entry.obsolete
    }


def export(odoo: list[str], config: str, database: str, addon: str) -> polib.POFile:
    """Return the terms that Odoo finds in the installed addon."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"{addon}.pot"
        command = [*odoo, "i18n", "export", "--config", config, "--database", database]
        command += ["--languages", "pot", "--output", str(target), addon]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not target.is_file():
            sys.exit(f"the export of {addon} failed:\n{done.stderr[-2000:]}")
        return polib.pofile(str(target))


def _catalogue(addon: str, language: str, path: Path) -> polib.POFile:
    if path.is_file():
        return polib.pofile(str(path))
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Project-Id-Version": f"{addon} 19.0",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    return catalogue


def _merge(addon: str, language: str, template: polib.POFile) -> bool:
    """Bring one language in step; return whether its file had to change."""
    path = CHECKOUT / addon / "i18n" / f"{language}.po"
    catalogue = _catalogue(addon, language, path)
    if path.is_file() and terms(catalogue) == terms(template):
        return False
    catalogue.merge(template)
    for entry in catalogue.obsolete_entries():
        catalogue.remove(entry)
    catalogue.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    catalogue.save(str(path))
    return True


def _write_template(addon: str, template: polib.POFile, path: Path) -> None:
    # A date or a version in the head would change the file at each export.
    template.header = "Made by setup/translate."
    template.metadata = {
        "Project-Id-Version": f"{addon} 19.0",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    path.parent.mkdir(exist_ok=True)
    template.save(str(path))


def _update(addon: str, template: polib.POFile, check: bool) -> int:
    """Bring one addon in step, or count what is not."""
    path = CHECKOUT / addon / "i18n" / f"{addon}.pot"
    current = path.is_file() and terms(polib.pofile(str(path))) == terms(template)
    if check:
        if not current:
            print(f"{path.relative_to(CHECKOUT)} is not current: run setup/translate")
        return 0 if current else 1
    if not current:
        _write_template(addon, template, path)
        print(f"{path.relative_to(CHECKOUT)} written")
    for language in LANGUAGES:
        changed = _merge(addon, language, template)
        catalogue = polib.pofile(str(path.with_name(f"{language}.po")))
        todo = len(catalogue.untranslated_entries()) + len(catalogue.fuzzy_entries())
        if changed or todo:
            print(f"{addon}/i18n/{language}.po: {todo} terms to translate")
    return 0


def main(words: list[str]) -> int:
    """Export and merge, or with --check say which templates are not current."""
    parser = argparse.ArgumentParser(prog="setup/translate")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--config", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("odoo", nargs="+")
    given = parser.parse_args(words)
    wrong = 0
    for addon in checkout.manifests():
        template = export(given.odoo, given.config, given.database, addon)
        wrong += _update(addon, template, given.check)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
