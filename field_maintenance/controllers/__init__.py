from . import loans
from . import portal
from . import rating
from . import requests
from . import survey
from . import webmanifest
