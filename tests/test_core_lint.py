"""Odoo's own checks of addons, run on ours.

Odoo runs them on every addon that it finds and stops at the first complaint. Here each
complaint is given to the addon that it is about: ours fail the test, those about other
addons are listed as warnings.
"""

import contextlib
import importlib
import inspect
import logging
import re
import sys
import types
import unittest
import warnings
from unittest import mock

import pytest

from odoo.modules import Manifest

import odoo.addons.test_lint

from lib import checkout

Finding = tuple[str, str]


def _check(module: str, name: str) -> type[unittest.TestCase]:
    """Return one of Odoo's checks."""
    package = f"{odoo.addons.test_lint.__name__}.tests"
    if package not in sys.modules:
        # Its own start imports every check, some of which need tools that ours do not.
        bare = types.ModuleType(package)
        bare.__path__ = [f"{odoo.addons.test_lint.__path__[0]}/tests"]
        sys.modules[package] = bare
    return getattr(importlib.import_module(f"{package}.{module}"), name)


class _Complaints(unittest.TestResult):
    """Keep every complaint with the parameters of its subtest."""

    def __init__(self):
        super().__init__()
        self.found = []

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.found.append((dict(subtest.params), str(err[1])))

    def addFailure(self, test, err):
        self.found.append(({}, str(err[1])))

    addError = addFailure


class _Logged(logging.Handler):
    def __init__(self, result):
        super().__init__(logging.WARNING)
        self.result = result

    def emit(self, record):
        self.result.found.append(({}, record.getMessage()))


@contextlib.contextmanager
def _listening(result):
    """Count what a check only logs as a complaint."""
    logger = logging.getLogger("odoo.addons.test_lint")
    handler, level = _Logged(result), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)
    logger.removeHandler(handler)


def _complaints(module: str, name: str) -> list[tuple[dict, str]]:
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(_check(module, name))
    assert suite.countTestCases(), f"{name} has no checks any more"
    result = _Complaints()
    with _listening(result):
        suite.run(result)
    return result.found


def _sort(findings: list[Finding]) -> None:
    """Fail on what is about our addons, list the rest."""
    ours = []
    for addon, text in findings:
        # A check that breaks names no addon, and must not pass for a clean one.
        if not addon or addon in checkout.addons():
            ours.append(text)
        else:
            warnings.warn(f"not ours: {addon}: {text}", stacklevel=2)
    assert not ours, "\n\n".join(ours)


def _methods_addon(env, model: str, method: str) -> str:
    """Return the addon whose definition of the method counts."""
    for parent in type(env[model]).mro():
        if method in vars(parent) and getattr(parent, "_module", None):
            return parent._module
    return inspect.getmodule(getattr(env[model], method)).__name__


@pytest.mark.parametrize(
    "check",
    [
        ("test_override_signatures", "TestLintOverrideSignatures"),
        ("test_docstring", "TestDocstring"),
    ],
)
def test_methods(check):
    _sort(
        [
            (params.get("module"), f"{params} {text}")
            for params, text in _complaints(*check)
        ]
    )


def test_naming(env):
    _sort(
        [
            (_methods_addon(env, params["model"], params["method"]), f"{params} {text}")
            for params, text in _complaints("test_naming", "TestNaming")
        ]
    )


def test_index(env):
    findings = []
    for _params, text in _complaints("test_index", "TestIndex"):
        named = re.findall(
            r"(?m)^([\w.]+)\.(\w+) \(inverse of ([\w.]+)\.(\w+)\)$", text
        )
        assert named, text
        for model, name, parent, many in named:
            # Who adds the list to another addon's field owes the index, too.
            owners = {
                *env[model]._fields[name]._modules,
                *env[parent]._fields[many]._modules,
            }
            text = f"{model}.{name}, inverse of {parent}.{many}, needs an index"
            findings += [(addon, text) for addon in sorted(owners)]
    _sort(findings)


@pytest.mark.parametrize(
    "check",
    [("test_manifests", "ManifestLinter"), ("test_dunderinit", "TestDunderinit")],
)
def test_manifests(check):
    findings = []
    for manifest in Manifest.all_addon_manifests():
        # One at a time, so that a complaint needs no reading to know whose it is.
        with mock.patch.object(
            Manifest, "all_addon_manifests", return_value=[manifest]
        ):
            findings += [(manifest.name, text) for _, text in _complaints(*check)]
    _sort(findings)
