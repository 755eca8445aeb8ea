from . import installed_base_source_mixin
from . import installed_base_document_mixin
from . import installed_base_source_line_mixin
from . import equipment_documents
