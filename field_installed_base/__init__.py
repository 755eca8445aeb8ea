from . import controllers
from . import models
from . import report
from . import wizards
from .uninstall import clear_the_way
from .upgrade import add_columns


OPENSTREETMAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def pre_init_hook(env):
    """Spare all contacts: nobody has a relationship yet."""
    add_columns(env.cr, "res_partner", {"relationship_id": "int4"})


def post_init_hook(env):
    """Show OpenStreetMap's map unless another was chosen; settings may change it."""
    parameters = env["ir.config_parameter"]
    if parameters.get_param("leaflet.tile_url") in (False, "", "False"):
        parameters.set_param("leaflet.tile_url", OPENSTREETMAP)


def uninstall_hook(env):
    """Remove what Odoo would leave behind, and the address of the map unless another
    was chosen."""
    clear_the_way(env, "field_installed_base", ("installed.base",))
    parameters = env["ir.config_parameter"]
    if parameters.get_param("leaflet.tile_url") == OPENSTREETMAP:
        # What OCA's library says for none.
        parameters.set_param("leaflet.tile_url", "False")
