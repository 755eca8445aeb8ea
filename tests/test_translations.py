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

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdf%]|\{\w*\}")

every_addon = pytest.mark.parametrize("addon", checkout.addons())
every_language = pytest.mark.parametrize("language", translations.LANGUAGES)


def _catalogue(addon, name):
    path = CHECKOUT / addon / "i18n" / name
    assert path.is_file(), "run setup/translate"
    return polib.pofile(str(path))


@every_addon
def test_template_is_current(addon, env):
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
