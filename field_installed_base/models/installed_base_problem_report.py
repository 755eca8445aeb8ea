import ipaddress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

# Reports within one hour: a household or a shop never comes near, a flood does.
REPORTS_PER_PIECE = 10
REPORTS_PER_ADDRESS = 20


class InstalledBaseProblemReport(models.Model):
    """How many problems were reported within an hour, per piece and per address.

    Who reported is not kept: the key is a keyed hash, and rows live for a day.
    """

    _name = "installed.base.problem.report"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Problem Reports within an Hour"
    _order = "hour desc, id"
    _log_access = False

    key = fields.Char(required=True)
    hour = fields.Datetime(required=True, index=True)
    count = fields.Integer(required=True, default=0)

    _key_hour_unique = models.UniqueIndex("(key, hour)")

    @api.model
    def _count_in(self, piece, address):
        """Count a report, unless too many came in within this hour.

        Two requests at once meet in the unique index: the database makes the later
        one wait and start again, so that none is missed.

        :param piece: the equipment that is reported on
        :param str address: where the report comes from
        :return: whether the report is within the limits
        :rtype: bool
        """
        limits = {
            self._get_key("piece", piece.id): REPORTS_PER_PIECE,
            self._get_key("address", self._get_network(address)): REPORTS_PER_ADDRESS,
        }
        hour = fields.Datetime.now().replace(minute=0, second=0, microsecond=0)
        present = self.search([("key", "in", list(limits)), ("hour", "=", hour)])
        # A flood is read, not written: it must not cost a write per request.
        if any(row.count >= limits[row.key] for row in present):
            return False
        # In one order, or two requests could wait for each other.
        rows = SQL(", ").join(SQL("(%s, %s, 1)", key, hour) for key in sorted(limits))
        self.env.cr.execute(
            SQL(
                "INSERT INTO installed_base_problem_report AS report"
                " (key, hour, count) VALUES %s"
                " ON CONFLICT (key, hour) DO UPDATE SET count = report.count + 1",
                rows,
            ),
            # Two at once are no error: the later one is tried again.
            log_exceptions=False,
        )
        present.invalidate_recordset(["count"])
        return True

    @api.model
    def _get_key(self, scope, value):
        return hmac(
            self.env(su=True), "installed.base.problem.report", f"{scope} {value}"
        )

    @api.model
    def _get_network(self, address):
        """Return the address that counts: with IPv6 a whole subscriber's network,
        who can take a new address for every request."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return "unknown"
        if ip.version == 6 and not ip.ipv4_mapped:
            return str(ipaddress.ip_network((ip, 64), strict=False))
        return str(getattr(ip, "ipv4_mapped", None) or ip)

    @api.autovacuum
    def _gc_problem_reports(self):
        day_ago = fields.Datetime.now() - timedelta(days=1)
        self.search([("hour", "<", day_ago)]).unlink()
