"""Within an addon, every attribute of a model is defined once.

Only another addon overrides it. One mixin of the same addon may define it as well.
"""

import collections

from odoo.api import Environment
from odoo.orm.model_classes import is_model_definition

from lib import checkout

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


def _collect(env: Environment) -> tuple[Definitions, Definitions]:
    """Return the classes of our addons that define what, by addon, model, attribute.

    First those of the model itself, then those of its mixins.
    """
    own: Definitions = collections.defaultdict(list)
    mixed: Definitions = collections.defaultdict(list)
    addons = checkout.addons()
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
