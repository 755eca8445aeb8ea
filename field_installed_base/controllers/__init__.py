from . import portal
from . import qr_label
