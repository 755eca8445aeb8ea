"""README.rst and the Apps-list page of each addon are what setup/docs makes."""

import re

import pytest

from lib import checkout, documents
from lib.system import CHECKOUT

every_addon = pytest.mark.parametrize("addon", checkout.addons())


def test_pages_are_current(capsys):
    assert documents.main(["--check"]) == 0, capsys.readouterr().out


@every_addon
def test_pictures_exist(addon):
    page = (CHECKOUT / addon / "static/description/index.html").read_text()
    for source in re.findall(r'<img [^>]*src="([^"]+)"', page):
        assert (CHECKOUT / addon / "static/description" / source).is_file(), source


def test_readme_links_lead_somewhere():
    text = (CHECKOUT / "README.md").read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (CHECKOUT / target).exists(), target
