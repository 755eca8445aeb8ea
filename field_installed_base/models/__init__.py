# The mixins come first: the models below inherit from them.
from . import mixins

from . import equipment
from . import ownership
from . import warranty
from . import documents
from . import label
from . import map
from . import portal
from . import questionnaire
from . import problem
from . import notice
from . import customer

from . import account_move
from . import account_move_line
from . import base
from . import ir_actions_act_window_view
from . import ir_fields_converter
from . import ir_sequence
from . import ir_ui_view
from . import product_category
from . import product_template
from . import res_company
from . import res_config_settings
from . import res_partner
from . import sale_order
from . import sale_order_line
from . import survey_survey
from . import survey_user_input
