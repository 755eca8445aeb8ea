from . import installed_base_warranty_extension
from . import warranty_terms
