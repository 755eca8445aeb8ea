"""Histories that began on the day of recording begin when the equipment was installed
or sold, else on a day that is unknown."""


def migrate(cr, version):
    if not version:
        return
    cr.execute(
        """
        UPDATE installed_base_ownership line
           SET date_from = COALESCE(piece.installation_date, piece.sale_date)
          FROM installed_base piece
         WHERE piece.id = line.installed_base_id
           AND abs(line.date_from - piece.create_date::date) <= 1
           AND COALESCE(
                   piece.installation_date, piece.sale_date, line.date_from - 1
               ) < line.date_from
           AND NOT EXISTS (
               SELECT 1
                 FROM installed_base_ownership earlier
                WHERE earlier.installed_base_id = line.installed_base_id
                  AND earlier.date_from < line.date_from
           )
        """
    )
