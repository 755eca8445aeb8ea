# The mixins come first: the models below inherit from them.
from . import installed_base_pick_list_mixin
from . import installed_base_source_mixin
from . import installed_base_source_line_mixin

from . import account_move
from . import account_move_line
from . import installed_base
from . import installed_base_air_supply_type
from . import installed_base_category
from . import installed_base_component
from . import installed_base_flue_type
from . import installed_base_import
from . import installed_base_installation_type
from . import installed_base_properties
from . import installed_base_questionnaire
from . import installed_base_warranty
from . import installed_base_warranty_extension
from . import ir_sequence
from . import product_category
from . import product_template
from . import res_company
from . import res_config_settings
from . import res_partner
from . import sale_order
from . import sale_order_line
from . import survey_survey
from . import survey_user_input
