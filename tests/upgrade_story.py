"""What people did with the former release and its demo data leaves out.

Odoo's shell runs it on the code of that release, so it uses that release's names.
"""

from datetime import date, datetime, timedelta

from odoo.api import Environment
from odoo.fields import Command

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def _sell_equipment(env: Environment) -> tuple:
    """Move, replace and retire equipment with its documents."""
    customer, buyer, leasing = env["res.partner"].create(
        [
            {
                "name": name,
                "street": "Quay 1",
                "city": "Ghent",
                "email": "a@example.com",
            }
            for name in ("Former Bakery", "Next Bakery", "Bakers' Leasing")
        ]
    )
    pieces = env["installed.base"].create(
        [
            {
                "model": f"Oven {number}",
                "serial_number": f"UP-{number}",
                "partner_id": customer.id,
                "installation_date": "2022-03-01",
                "warranty_end_date": "2024-02-29",
            }
            for number in range(8)
        ]
    )
    photo = env["ir.attachment"].create({"name": "photo.png", "datas": PIXEL})
    # Wide letters and digits look the same and are another text.
    pieces[7].serial_number = "\uff35\uff30\uff17"
    env["installed.base.problem.report"].sudo().create(
        {"key": "piece", "hour": datetime(2024, 5, 1, 8), "count": 2}
    )
    pieces[0].document_ids = [Command.create({"name": "Manual", "datas": PIXEL})]
    env["installed.base.assign"].create(
        {
            "mode": "move",
            "installed_base_ids": [Command.set(pieces[1].ids)],
            "partner_id": buyer.id,
            "date": "2024-05-01",
            "reason": "Sold",
        }
    ).action_apply()
    env["installed.base.assign"].create(
        {
            "mode": "unassign",
            "installed_base_ids": [Command.set(pieces[2].ids)],
            "date": "2024-06-01",
        }
    ).action_apply()
    env["installed.base.replace"].create(
        {
            "installed_base_id": pieces[3].id,
            "date": "2025-01-01",
            "serial_number": "UP-3B",
        }
    ).action_replace()
    env["installed.base.retire"].create(
        {"installed_base_ids": [Command.set(pieces[4].ids)], "date": "2025-02-01"}
    ).action_retire()
    return customer, buyer, leasing, pieces, photo


def _keep_contracts(env, customer, buyer, leasing, pieces) -> None:
    """Bill, defer, change, suspend, hand over, renew and cancel contracts."""
    income, deferred = (
        env["account.account"].search(
            [("account_type", "=", kind), ("company_ids", "=", env.company.id)], limit=1
        )
        for kind in ("income", "liability_current")
    )
    tax = env["account.tax"].search(
        [("type_tax_use", "=", "sale"), ("company_id", "=", env.company.id)], limit=1
    )
    group = env["service.contract.group"].create({"name": "Ovens"})
    care = env["product.product"].create(
        {"name": "Oven care", "type": "service", "list_price": 1200}
    )

    def make(*equipment, taxes=tax, **vals):
        contract = env["service.contract"].create(
            {
                "partner_id": customer.id,
                "group_id": group.id,
                "date_start": "2024-01-01",
                "term_months": 12,
                "renewal": "manual",
                "billing_months": 1,
                "revenue_account_id": income.id,
                "is_deferred": False,
                "line_ids": [
                    Command.create(
                        {
                            "name": "Care",
                            "product_id": care.id,
                            "installed_base_id": piece and piece.id,
                            "value": 1200,
                            "discount": 10,
                            "tax_ids": [Command.set(taxes.ids)],
                        }
                    )
                    for piece in equipment or (None, None)
                ],
                **vals,
            }
        )
        contract.action_activate()
        contract._create_invoices(date(2024, 3, 1)).action_post()
        return contract

    make(taxes=tax.copy({"name": "Inside", "price_include_override": "tax_included"}))
    yearly = make(billing_months=12, is_deferred=True, deferred_account_id=deferred.id)
    env["service.contract.recognize"].create({"date": "2024-04-30"}).action_recognize()
    make(billing_timing="arrears", invoice_grouping="payer")
    make(pieces[0])._suspend(date(2024, 5, 1), date(2024, 5, 31), "Oven away", True)
    make()._suspend(date(2024, 5, 1), None, "Closed", False)
    bankrupt = make()
    bankrupt._renew(12, "Asked for")
    bankrupt._cancel(date(2024, 2, 15), "Bankrupt")
    leased = make()
    leased._transfer_to_payer(buyer, date(2024, 9, 1), "To be sold")
    leased._transfer_to_payer(leasing, date(2024, 2, 1), "Leased")
    moved = make(pieces[5], pieces[6])
    env["service.contract.transfer"].create(
        {
            "contract_ids": [Command.set(moved.ids)],
            "mode": "customer",
            "partner_id": buyer.id,
            "date": "2024-06-01",
            "reason": "Sold",
        }
    ).action_transfer()
    halved = make()
    halved._transfer_lines(halved.line_ids[0], buyer, date(2024, 6, 1), "Half sold")
    make(term_months=3)._renew(12, "Asked for")
    env["account.move.reversal"].create(
        {
            "move_ids": [Command.set(yearly.invoice_ids.ids)],
            "journal_id": yearly.invoice_ids.journal_id.id,
            "reason": "Wrong",
        }
    ).refund_moves()

    index = env["service.contract.index"].create(
        {
            "name": "Wages",
            "value_ids": [
                Command.create({"date": "2023-07-01", "value": 100}),
                Command.create({"date": "2024-07-01", "value": 104}),
            ],
        }
    )
    dear = make(price_update_months=12, next_price_update_date="2024-07-01")
    updates = env["service.contract.price.update"].create(
        [
            {
                "contract_ids": [Command.set(dear.ids)],
                "date": "2024-07-01",
                "method": "index",
                "index_id": index.id,
            },
            {
                "contract_ids": [Command.set(dear.ids)],
                "group_ids": [Command.set(group.ids)],
                "date": "2024-10-01",
                "percent": 2,
            },
        ]
    )
    updates[0].action_apply()
    updates[1].action_preview()
    run = env["service.contract.run"].create(
        {"date": "2024-05-31", "contract_ids": [Command.set(dear.ids)]}
    )
    run.action_preview()
    run.action_run()


def _do_visits(env, customer, piece, photo) -> None:
    """Plan, merge, do, prove, bill and cancel visits, some of them ordered."""
    technician = env["hr.employee"].create({"name": "Tess"})
    part = env["product.product"].create({"name": "Seal", "list_price": 40})
    kind = env["maintenance.visit.type"].search([("survey_id", "=", False)], limit=1)
    begin = datetime(2025, 3, 3, 8)
    visits = env["maintenance.visit"].create(
        [
            {
                "partner_id": customer.id,
                "visit_type_id": kind.id,
                "due_date": "2025-03-03",
                "technician_id": technician.id,
                "date_start": number < 2 and begin + timedelta(hours=3 * number),
                "line_ids": [Command.create({"installed_base_id": piece.id})],
                "tag_ids": [Command.create({"name": f"Tag {number}"})],
            }
            for number in range(4)
        ]
    )
    done, planned, merged, cancelled = visits
    done.action_start()
    done.write(
        {
            "photo_ids": [Command.set(photo.ids)],
            "signature": PIXEL,
            "signed_by": "Anna",
            "service_line_ids": [
                Command.create({"product_id": part.id, "quantity": 2}),
            ],
        }
    )
    env["maintenance.visit.time"].create(
        [
            {
                "visit_id": done.id,
                "technician_id": technician.id,
                "time_type": time_type,
                "date_start": begin + timedelta(hours=hour),
                "date_end": begin + timedelta(hours=hour + 1),
            }
            for hour, time_type in enumerate(("travel", "work"))
        ]
    )
    env["maintenance.visit.finish"].create({"visit_id": done.id}).action_finish()
    done.action_create_order_lines()
    done.sale_order_id.action_confirm()
    planned._absorb(merged)
    cancelled._cancel("Oven gone")

    service = env["product.product"].create(
        {
            "name": "Yearly cleaning",
            "type": "service",
            "list_price": 90,
            "visit_type_id": kind.id,
        }
    )
    env["sale.order"].create(
        {
            "partner_id": customer.id,
            "service_type": "maintenance",
            "order_line": [Command.create({"product_id": service.id})],
        }
    ).action_confirm()


def _ask_for_skills(env) -> None:
    """Say which skills a kind of visit takes."""
    trade = env["hr.skill.type"].create(
        {
            "name": "Trade",
            "skill_ids": [Command.create({"name": name}) for name in ("Gas", "Roofs")],
            "skill_level_ids": [Command.create({"name": "Trained"})],
        }
    )
    env["maintenance.visit.type"].create(
        {"name": "Gas cleaning", "skill_ids": [Command.set(trade.skill_ids.ids)]}
    )


def _save_searches(env) -> None:
    """Name fields of products in a filter and in exports."""
    env["product.template"].create(
        {
            "name": "Stove visit",
            "type": "service",
            "visit_type_id": env["maintenance.visit.type"].search([], limit=1).id,
            "mode": "months",
            "month_ids": [Command.set(env["maintenance.month"].search([]).ids)],
        }
    )
    env["ir.filters"].create(
        {
            "name": "By rule",
            "model_id": "product.template",
            "domain": "[('mode', '=', 'interval')]",
            "context": "{'group_by': ['mode']}",
        }
    )
    for model, name in (
        ("product.template", "visit_count"),
        ("sale.order.line", "product_id/mode"),
    ):
        env["ir.exports"].create(
            {
                "name": "Rules",
                "resource": model,
                "export_fields": [Command.create({"name": name})],
            }
        )


def tell(env: Environment) -> None:
    """Tell the story and keep what it leaves."""
    env = env(user=env.ref("base.user_admin").id)
    customer, buyer, leasing, pieces, photo = _sell_equipment(env)
    _keep_contracts(env, customer, buyer, leasing, pieces)
    _do_visits(env, customer, pieces[7], photo)
    _ask_for_skills(env)
    _save_searches(env)
    env.cr.commit()


# What Odoo's shell knows.
tell(env)  # noqa: F821
