from . import customer
from . import equipment
from . import ownership
from . import documents
from . import questionnaire

from . import base_import_import
from . import base_partner_merge
