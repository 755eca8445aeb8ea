from . import visit_terms
