from . import installed_base_typed_mixin
from . import installed_base_guard_mixin
from . import installed_base_known_mixin
from . import installed_base_company_mixin
from . import installed_base_place_mixin
from . import installed_base_plausible_mixin
from . import installed_base_record_mixin
