"""Benchmarks of the addons; `setup/bench` starts them.

`options`, `report` and `peers` need nothing but Python; everything else runs with
Odoo, in the process that `__main__` is. A new benchmark is a class in a module of its
own (see `installed_base`), its name one more line in `options.BENCHMARKS`.
"""
