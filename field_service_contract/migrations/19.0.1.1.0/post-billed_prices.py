"""Invoice lines keep the prices at which they bill their days, contracts what they have
to give back."""

from odoo import SUPERUSER_ID, api
from odoo.tools import split_every

SLICE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    cr.execute(
        """
        SELECT id
          FROM account_move_line
         WHERE service_contract_line_id IS NOT NULL
           AND service_credited_line_id IS NULL
           AND service_period_start IS NOT NULL
           AND service_period_end IS NOT NULL
           AND service_pricing IS NULL
      ORDER BY service_contract_id, id
        """
    )
    _compute(env["account.move.line"], "service_pricing", cr.fetchall())
    cr.execute(
        """
        SELECT DISTINCT contract.id
          FROM account_move_line line
          JOIN service_contract_line covered
            ON covered.id = line.service_contract_line_id
          JOIN service_contract contract ON contract.id = covered.contract_id
     LEFT JOIN service_contract_suspension suspension
            ON suspension.contract_id = contract.id
     LEFT JOIN service_contract_payer payer ON payer.contract_id = contract.id
         WHERE line.service_is_live
           AND line.service_credited_line_id IS NULL
           AND (line.service_period_end > contract.date_end
                OR line.service_period_end > covered.date_end
                OR suspension.id IS NOT NULL
                OR payer.id IS NOT NULL)
        """
    )
    _compute(env["service.contract"], "credit_due_amount", cr.fetchall())


def _compute(model, name, rows):
    for ids in split_every(SLICE, [row[0] for row in rows], list):
        records = model.browse(ids)
        model.env.add_to_compute(model._fields[name], records)
        records._recompute_recordset([name])
        model.env.flush_all()
        model.env.invalidate_all()
