"""Within an addon, every attribute of a model is defined once.

Only another addon overrides it. One mixin of the same addon may define it as well. What
is overridden of Odoo's own private methods is listed in docs/architecture.md.
"""

import collections
import inspect
import re
from collections.abc import Iterable

from odoo.api import Environment
from odoo.orm.model_classes import is_model_definition

from lib import checkout
from lib.system import CHECKOUT

# What a class says of itself, and what Odoo notes on it.
OF_CLASSES = {
    "_description",
    "_field_definitions",
    "_inherit",
    "_module",
    "_name",
    "_register",
    "_table_object_definitions",
}

# Addon, model and attribute that are still defined in several classes. Nothing may be
# added, and what is mended must be taken out.
DEFINED_TWICE = """
"""

# Addon, mixin and attribute that another mixin of the same model defines, too.
MIXED_TWICE = """
field_installed_base installed.base.company.mixin write
field_installed_base installed.base.document.mixin _check_installed_base_source
field_installed_base installed.base.document.mixin _get_installed_base_counts
field_installed_base installed.base.guard.mixin create
field_installed_base installed.base.guard.mixin write
field_installed_base installed.base.plausible.mixin create
field_installed_base installed.base.plausible.mixin write
field_installed_base installed.base.source.mixin _check_installed_base_source
field_installed_base installed.base.source.mixin _get_installed_base_counts
field_installed_base installed.base.typed.mixin write
"""

Definitions = dict[tuple[str, ...], list[type]]


def _list_addons(env: Environment) -> list[str]:
    """Return those of our addons that the database has, bridges too."""
    return [name for name in checkout.manifests() if name in env.registry._init_modules]


def _collect(env: Environment) -> tuple[Definitions, Definitions]:
    """Return the classes of our addons that define what, by addon, model, attribute.

    First those of the model itself, then those of its mixins.
    """
    own: Definitions = collections.defaultdict(list)
    mixed: Definitions = collections.defaultdict(list)
    addons = _list_addons(env)
    for name, model in env.registry.items():
        for cls in model.mro():
            if not is_model_definition(cls) or cls._module not in addons:
                continue
            found = own if cls._name == name else mixed
            for attribute in vars(cls).keys() - OF_CLASSES:
                if not attribute.startswith("__"):
                    found[cls._module, name, attribute].append(cls)
    assert {addon for addon, *_rest in own} == set(addons), "the walk misses classes"
    return own, mixed


def _compare(found: dict[str, set[str]], listed: str) -> None:
    """Fail on what is not listed, and on what is listed and not there any more."""
    known = set(listed.strip().splitlines())
    new = [f"{key}: {sorted(found[key])}" for key in sorted(found.keys() - known)]
    assert not new, "keep one of these definitions:\n" + "\n".join(new)
    mended = sorted(known - found.keys())
    assert not mended, "mended, take it out of the list:\n" + "\n".join(mended)


def test_classes_of_a_model(env: Environment) -> None:
    own, _mixed = _collect(env)
    found = {
        " ".join(key): {cls.__module__ for cls in classes}
        for key, classes in own.items()
        if len(classes) > 1
    }
    _compare(found, DEFINED_TWICE)


def test_mixins_of_a_model(env: Environment) -> None:
    _own, mixed = _collect(env)
    found: dict[str, set[str]] = collections.defaultdict(set)
    for (addon, model, attribute), classes in mixed.items():
        mixins = {cls._name for cls in classes}
        if len(mixins) > 1:
            for mixin in mixins:
                found[f"{addon} {mixin} {attribute}"].add(model)
    _compare(found, MIXED_TWICE)


def _is_ours(cls: type, addons: Iterable[str]) -> bool:
    return cls.__module__.removeprefix("odoo.addons.").startswith(
        tuple(f"{addon}." for addon in addons)
    )


def _find_overridden(env: Environment) -> set[tuple[str, str, str]]:
    """Return the addon, file and name of our methods that override private ones of
    Odoo's own."""
    found, addons = set(), _list_addons(env)
    for model in env.registry.values():
        classes = model.mro()
        for index, cls in enumerate(classes):
            if not is_model_definition(cls) or not _is_ours(cls, addons):
                continue
            addon, _, module = cls.__module__.removeprefix("odoo.addons.").partition(
                "."
            )
            # A bridge that was loaded before extends the same hooks of ours.
            core = [
                base
                for base in classes[index + 1 :]
                if not _is_ours(base, checkout.manifests())
            ]
            found |= {
                (addon, f"{module.replace('.', '/')}.py", name)
                for name, value in vars(cls).items()
                if name.startswith("_")
                and not name.startswith("__")
                and inspect.isfunction(value)
                and any(name in vars(base) for base in core)
            }
    return found


def _read_overridden() -> list[tuple[str, list[str], list[str], str]]:
    """Return addon, methods, files and test of each row in docs/architecture.md."""
    text = (CHECKOUT / "docs/architecture.md").read_text()
    rows = []
    for section in text.partition("## Private methods")[2].split("\n### ")[1:]:
        addon, *lines = section.splitlines()
        for line in lines:
            if line.startswith("| `"):
                methods, files, test = line.strip("| ").split(" | ")
                quoted = [re.findall("`([^`]+)`", cell) for cell in (methods, files)]
                rows.append((addon, *quoted, test.strip("`")))
    return rows


def test_overridden_methods_are_listed(env: Environment) -> None:
    listed = {
        (addon, file, method)
        for addon, methods, files, _test in _read_overridden()
        if addon in env.registry._init_modules
        for file in files
        for method in methods
    }
    found = _find_overridden(env)
    assert not found - listed, f"add to docs/architecture.md: {sorted(found - listed)}"
    assert not listed - found, f"no longer overridden: {sorted(listed - found)}"


def test_overridden_methods_have_a_test() -> None:
    for addon, methods, _files, test in _read_overridden():
        if test.startswith("none: "):
            continue
        file, _, name = test.partition("::")
        places = (CHECKOUT / addon / "tests" / file, CHECKOUT / file)
        texts = [place.read_text() for place in places if place.is_file()]
        assert any(f"def {name}(" in text for text in texts), (methods, test)
