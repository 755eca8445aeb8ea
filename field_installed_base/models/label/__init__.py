from . import qr_code
