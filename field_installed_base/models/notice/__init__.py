from . import installed_base_notice_type
