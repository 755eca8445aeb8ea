from . import import_template
from . import notices
from . import portal
from . import qr_label
from . import survey
