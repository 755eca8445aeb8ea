from . import map_sites
