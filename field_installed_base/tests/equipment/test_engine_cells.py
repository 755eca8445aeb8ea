import unittest
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ...engine import (
    Ambiguous,
    CellError,
    normalize_header,
    read_date,
    read_format,
    read_number,
)

AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
# Thousands, decimal sign: how people of one country or another write.
STYLES = st.sampled_from(
    [
        (",", "."),
        (".", ","),
        (" ", ","),
        ("\u202f", ","),
        ("'", "."),
        ("", "."),
        ("", ","),
    ]
)


def write(amount, thousands, decimal, places=2):
    text = f"{amount:,.{places}f}"
    return text.translate(str.maketrans({",": thousands, ".": decimal}))


class TestNumbers(unittest.TestCase):
    @given(AMOUNTS, STYLES)
    def test_two_decimals_are_read_as_they_are_written(self, amount, style):
        self.assertEqual(Decimal(read_number(write(amount, *style))), amount)

    @given(AMOUNTS, STYLES)
    def test_the_sign_that_is_said_reads_the_same(self, amount, style):
        text = write(amount, *style)
        self.assertEqual(Decimal(read_number(text, style[1])), amount)

    @given(st.decimals(-(10**9), 10**9, places=3), STYLES)
    def test_three_decimals_are_read_or_refused(self, amount, style):
        text = write(amount, *style, places=3)
        try:
            self.assertEqual(Decimal(read_number(text)), amount)
        except Ambiguous as error:
            self.assertIn(
                float(amount), [*error.readings, *map(float.__neg__, error.readings)]
            )
        self.assertEqual(Decimal(read_number(text, style[1])), amount)

    @given(st.text(max_size=12), st.sampled_from(["", ",", "."]))
    def test_any_text_is_a_finite_number_or_an_error(self, text, sign):
        try:
            number = read_number(text, sign)
        except CellError:
            return
        self.assertTrue(Decimal(number).is_finite())

    def test_ambiguous(self):
        for text in ("1.200", "1,200", "12.345", "-1.200", "1.000"):
            with self.subTest(text), self.assertRaises(Ambiguous):
                read_number(text)

    def test_not_a_number(self):
        numbers = ("1e999", "12 50", "1.2.3", "1,200,50", "(-5)", "(+5)", "(-1e3)")
        for text in ("", "much", "nan", "inf", *numbers):
            with self.subTest(text), self.assertRaises(CellError):
                read_number(text)


class TestFormats(unittest.TestCase):
    def test_percent_and_what_is_beside(self):
        for number_format, percent, *shown in (
            ("General", False),
            ("0.00E+00", False),
            ("€#,##0", False, "€"),
            ("0.0%", True),
            ("0%;[Red]-0%", True),
            ("[<=9]0.0%", True),
            ('0.0"%"', False, "%"),
            ("0.0\\%", False, "%"),
            ('0.0 [Red]"%"', False, "%"),
            ("0_%", False),
            ("[$CHF] #,##0.00", False, "CHF"),
            ('#,##0.00\xa0"EUR"', False, "EUR"),
            ("#,##0.00\\ [$€-40C]", False, "€"),
            ('"Fr. "0.00', False, "Fr."),
            ("\\C\\H\\F 0", False, "CHF"),
            ('"$"#,##0.00_);[Red]("$"#,##0.00)', False, "$"),
            ("-€ 0", False, "€"),
            ("[$-409]0.00", False),
            ('"', False),
        ):
            with self.subTest(number_format):
                self.assertEqual(read_format(number_format), (percent, set(shown)))


class TestDates(unittest.TestCase):
    @given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
    def test_the_year_first_is_clear(self, day):
        midnight = datetime.combine(day, datetime.min.time())
        for text in (day.isoformat(), f"{day:%Y/%m/%d}", f"{day.isoformat()} 00:00"):
            self.assertEqual(read_date(text), midnight)

    @given(
        st.dates(date(1900, 1, 1), date(2100, 12, 31)),
        st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y"]),
    )
    def test_other_orders_are_clear_or_refused(self, day, pattern):
        text = day.strftime(pattern)
        self.assertEqual(read_date(text, pattern).date(), day)
        if day.day <= 12 and day.day != day.month:
            with self.assertRaises(Ambiguous) as caught:
                read_date(text)
            self.assertIn(day, caught.exception.readings)
        else:
            self.assertEqual(read_date(text).date(), day)

    @given(
        st.dates(date(1900, 1, 1), date(2100, 12, 31)),
        st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m-%d-%Y"]),
        st.sampled_from("/.- "),
    )
    def test_an_order_holds_with_any_separator(self, day, pattern, separator):
        text = day.strftime(pattern.replace(pattern[2], separator))
        self.assertEqual(read_date(text, pattern).date(), day)
        self.assertEqual(read_date(day.isoformat(), pattern).date(), day)
        other = "%m/%d/%Y" if pattern.startswith("%d") else "%d/%m/%Y"
        if day.day > 12:
            with self.assertRaises(CellError):
                read_date(text, other)
        else:
            self.assertEqual(
                read_date(text, other).date(), date(day.year, day.day, day.month)
            )

    @given(
        st.text(max_size=16),
        st.one_of(st.just(""), st.text("%dmYHS/.( \x00", max_size=8)),
    )
    def test_any_text_is_a_date_or_an_error(self, text, pattern):
        try:
            read_date(text, pattern)
        except CellError:
            return

    def test_time_of_day(self):
        self.assertEqual(read_date("25/12/2025 08:30"), datetime(2025, 12, 25, 8, 30))
        self.assertEqual(
            read_date("03/04/2026 08:30", "%d/%m/%Y"), datetime(2026, 4, 3, 8, 30)
        )
        for text, hour in (
            ("8:30 PM", 20),
            ("12:30 am", 0),
            ("12:30:00 p.m.", 12),
            ("14h30", 14),
        ):
            self.assertEqual(
                read_date(f"3/4/2026 {text}", "%m/%d/%Y"),
                datetime(2026, 3, 4, hour, 30),
            )

    def test_not_a_date(self):
        for text in (
            "",
            "31.12.25",
            "2026-13-01",
            "31/02/2026",
            "46000",
            "soon",
            "25/12/2025 25:00",
            "25/12/2025 13:00 PM",
        ):
            with self.subTest(text), self.assertRaises(CellError):
                read_date(text)


class TestHeaders(unittest.TestCase):
    def test_everyday_spelling(self):
        for header, known in (
            ("N° de Série *", "n° de serie"),
            ("ANNÉE :", "année"),
            ("Customer / City", "customer/city"),
        ):
            self.assertEqual(normalize_header(header), normalize_header(known))
