"""French and Italian are complete and in step with the code."""

import ast
import io
import re

import polib
import pytest

from odoo.tools.babel import extract_python
from odoo.tools.translate import trans_export

from lib import checkout, translations
from lib.system import CHECKOUT

GLOSSARY = CHECKOUT / "docs" / "glossary.md"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdf%]|\{\w*\}")

every_addon = pytest.mark.parametrize("addon", list(checkout.manifests()))
every_language = pytest.mark.parametrize("language", translations.LANGUAGES)


def _catalogue(addon, name):
    path = CHECKOUT / addon / "i18n" / name
    assert path.is_file(), "run setup/translate"
    return polib.pofile(str(path))


@every_addon
def test_template_is_current(addon, env):
    if addon not in env.registry._init_modules:
        pytest.skip("setup/test looks at bridges where they are installed")
    with io.BytesIO() as buffer:
        trans_export(False, [addon], buffer, "po", env)
        exported = polib.pofile(buffer.getvalue().decode())
    known = translations.terms(_catalogue(addon, f"{addon}.pot"))
    assert known == translations.terms(exported), "run setup/translate"


@every_addon
def test_only_words_are_terms(addon):
    """What stands in parentheses right after a text to translate is a term for Odoo:
    lists in brackets are none."""
    for path in (CHECKOUT / addon).rglob("*.py"):
        source = path.read_bytes()
        found = [
            message[0] if isinstance(message, tuple) else message
            for _line, _name, message, _comments in extract_python(
                io.BytesIO(source), {"_": None}, [], {}
            )
        ]
        meant = [
            ast.literal_eval(node.args[0])
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", None)) == "_"
            and isinstance(node.args[0], ast.Constant)
        ]
        assert sorted(filter(None, found)) == sorted(meant), path


@every_addon
def test_no_colon_is_glued(addon):
    """French sets a space before it. Between two values alone it is no text to be
    translated: a text with both is."""
    glued = re.compile(r"(?:/>|</\w+>):\s*<")
    for folder in ("views", "report"):
        for path in (CHECKOUT / addon / folder).rglob("*.xml"):
            assert not glued.search(path.read_text()), path


@every_addon
@every_language
def test_language_is_complete(addon, language):
    catalogue = _catalogue(addon, f"{language}.po")
    assert catalogue.metadata["Language"] == language
    assert not [entry.msgid for entry in catalogue.untranslated_entries()]
    assert not [entry.msgid for entry in catalogue.fuzzy_entries()]
    assert not [entry.msgid for entry in catalogue.obsolete_entries()]
    template = _catalogue(addon, f"{addon}.pot")
    assert translations.terms(catalogue) == translations.terms(template)


@every_addon
@every_language
def test_placeholders_are_kept(addon, language):
    for entry in _catalogue(addon, f"{language}.po"):
        expected = sorted(PLACEHOLDER.findall(entry.msgid))
        assert sorted(PLACEHOLDER.findall(entry.msgstr)) == expected, entry.msgid


def _glossary():
    """Return the translations of each English word, and those never used."""
    words = {}
    rows = [row for row in GLOSSARY.read_text().splitlines() if row.startswith("| ")]
    for row in rows[2:]:
        english, *texts, never = (cell.strip() for cell in row.split("|")[1:-1])
        words[english.partition(" (")[0]] = {
            language: (
                {word.strip() for word in translation.split(",")},
                re.findall(rf"([^,]+?) \({language}\)", never),
            )
            for language, translation in zip(translations.LANGUAGES, texts, strict=True)
        }
    return words


@every_addon
@every_language
def test_words_of_the_trade(addon, language):
    words = _glossary()
    wrong = []
    for entry in _catalogue(addon, f"{language}.po"):
        english, translated = entry.msgid.lower(), entry.msgstr.lower()
        if english in words and translated not in words[english][language][0]:
            wrong.append((entry.msgid, entry.msgstr))
        for word, by_language in words.items():
            if not re.search(rf"\b{re.escape(word)}\b", english):
                continue
            wrong += [
                (entry.msgid, entry.msgstr)
                for never in by_language[language][1]
                if re.search(rf"\b{re.escape(never.strip())}\b", translated)
            ]
    assert not wrong


@every_language
def test_glossary_is_used(language):
    """A word that no screen shows any more leaves the glossary."""
    shown = {
        entry.msgid.lower()
        for addon in checkout.manifests()
        for entry in _catalogue(addon, f"{language}.po")
    }
    assert not set(_glossary()) - shown


@pytest.mark.parametrize(
    ("addon", "msgid", "french", "italian"),
    [
        # A button that makes one, and the condition of equipment.
        ("field_maintenance", "New", "Nouvelle", "Nuova"),
        ("field_installed_base", "New", "Neuf", "Nuova"),
        # The day, which may be to come, and visits whose day has passed.
        ("field_maintenance", "Due", "Échéance", "Scadenza"),
        ("field_service_contract", "Due", "Échues", "Scadute"),
        # A contract is ended, a visit is called off.
        ("field_maintenance", "Cancel", "Annuler", "Annulla"),
        ("field_service_contract", "Cancel", "Résilier", "Disdici"),
        # A window is closed, a schedule is ended.
        ("field_maintenance", "Close", "Fermer", "Chiudi"),
        ("field_maintenance", "Start", "Début", "Inizio"),
        # A renewal, and a piece of equipment.
        ("field_service_contract", "None", "Aucune", "Nessuno"),
    ],
)
def test_words_with_two_meanings(addon, msgid, french, italian):
    for language, expected in zip(("fr", "it"), (french, italian), strict=True):
        assert _catalogue(addon, f"{language}.po").find(msgid).msgstr == expected


@every_addon
@every_language
def test_apps_have_names(addon, language):
    manifest = checkout.manifests()[addon]
    path = CHECKOUT / addon / "i18n_extra" / f"{language}.po"
    catalogue = polib.pofile(str(path))
    assert {entry.msgid for entry in catalogue} == {
        manifest["name"],
        manifest["summary"],
    }
    assert all(entry.translated() for entry in catalogue)
