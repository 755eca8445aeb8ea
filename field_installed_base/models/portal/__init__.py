from . import portal_access
