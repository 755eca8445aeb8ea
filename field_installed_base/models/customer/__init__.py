from . import res_partner_relationship
