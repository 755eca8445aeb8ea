import textwrap
from itertools import groupby

from reportlab.graphics.barcode.qr import QrCodeWidget

from odoo import api, models

# An A4 sheet of labels as every shop for paper sells them, in millimeters.
COLUMNS, ROWS = 3, 8
LABEL_WIDTH, LABEL_HEIGHT = 70, 37
QR_WIDTH = 27
# Characters that fit beside the code, and lines of them for the name.
LINE_CHARS = 20
NAME_LINES = 3


class InstalledBaseLabel(models.AbstractModel):
    """The sheet of labels that are stuck on equipment."""

    _name = "report.field_installed_base.installed_base_label"
    _description = "Equipment Label Sheet"

    @api.model
    def _get_report_values(self, docids, data=None):
        equipment = self.env["installed.base"].browse(docids)
        equipment._ensure_qr_tokens()
        labels = [self._prepare_label(piece) for piece in equipment]
        size = COLUMNS * ROWS
        for index, label in enumerate(labels):
            row, column = divmod(index % size, COLUMNS)
            label.update(x=column * LABEL_WIDTH, y=row * LABEL_HEIGHT)
        return {
            "doc_ids": docids,
            "doc_model": "installed.base",
            "docs": equipment,
            "sheets": [labels[i : i + size] for i in range(0, len(labels), size)],
            "sheet_width": COLUMNS * LABEL_WIDTH,
            "sheet_height": ROWS * LABEL_HEIGHT,
        }

    @api.model
    def _prepare_label(self, piece):
        """Return what one label shows; addons may add lines of a kind of their own."""
        # A label names the product and the company that looks after it, whether the
        # user who prints it may open these or not.
        shown = piece.sudo()
        lines = [
            {"kind": "name", "text": text}
            for text in self._wrap(shown._get_product_name(), NAME_LINES)
        ]
        if piece.serial_number:
            lines += [
                {"kind": "serial", "text": text}
                for text in self._wrap(piece.serial_number, 2, LINE_CHARS - 2)
            ]
        lines.append({"kind": "reference", "text": piece.reference})
        company = shown.company_id
        return {
            "lines": lines,
            "company_lines": self._wrap(company.name, 2, LINE_CHARS + 4)
            + [company.phone] * bool(company.phone),
            "qr_code": self._get_qr_code(piece.qr_url),
        }

    @api.model
    def _wrap(self, text, lines, chars=LINE_CHARS):
        return textwrap.wrap(text, chars, max_lines=lines, placeholder="…")

    @api.model
    def _get_qr_code(self, url):
        """Return the code as a path to draw, in modules, and how many there are.

        Drawn by the library behind Odoo's own barcodes, but as lines: four times as
        fast as its pictures, a tenth of their size, and sharp in print.
        """
        # A quarter of the code may be scratched or covered with soot.
        code = QrCodeWidget(url, barLevel="Q").qr
        code.make()
        size = code.getModuleCount()
        path = []
        for row in range(size):
            modules = (code.isDark(row, column) for column in range(size))
            column = 0
            # Runs of equal neighbours, which Odoo's own groupby would put together.
            for dark, run in groupby(modules):  # pylint: disable=bad-builtin-groupby
                length = len(list(run))
                if dark:
                    path.append(f"M{column} {row}h{length}v1h-{length}z")
                column += length
        return {"path": "".join(path), "scale": QR_WIDTH / size}
