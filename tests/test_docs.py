"""README.rst and the Apps-list page of each addon are what setup/docs makes."""

import re

import pytest

from lib import checkout, documents
from lib.system import CHECKOUT

every_addon = pytest.mark.parametrize("addon", list(checkout.manifests()))


def test_pages_are_current(capsys):
    assert documents.main(["--check"]) == 0, capsys.readouterr().out


@every_addon
def test_pictures_exist(addon):
    page = (CHECKOUT / addon / "static/description/index.html").read_text()
    for source in re.findall(r'<img [^>]*src="([^"]+)"', page):
        assert (CHECKOUT / addon / "static/description" / source).is_file(), source


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]
)
def test_links_lead_somewhere(page):
    text = (CHECKOUT / page).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (CHECKOUT / page).parent.joinpath(target).exists(), target


def test_files_of_the_architecture_exist():
    text = (CHECKOUT / "docs/architecture.md").read_text()
    files = re.findall(r"`(field_\w+/[\w/]+\.py)`", text)
    assert len(files) >= 20
    for file in files:
        assert (CHECKOUT / file).is_file(), file
