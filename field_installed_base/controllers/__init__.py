from . import notices
