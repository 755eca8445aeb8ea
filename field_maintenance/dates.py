"""How days are written."""

from babel.dates import format_skeleton

from odoo.tools.misc import babel_locale_parse, get_lang


def format_weekday(env, day):
    """Return a day with its weekday, as the reader's language writes it.

    :param env: of the reader
    :param date day: or a moment of it
    :return: Wed, Jul 1, 2026
    :rtype: str
    """
    locale = babel_locale_parse(get_lang(env).code)
    return format_skeleton("yMMMEd", day, locale=locale)
