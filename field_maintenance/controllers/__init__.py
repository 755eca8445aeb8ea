from . import portal
from . import rating
from . import survey
from . import webmanifest
