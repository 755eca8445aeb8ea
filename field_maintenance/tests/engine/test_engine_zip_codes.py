"""Which zip codes a text means."""

from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ...engine import ZipCodes, ZipError, normalize_zip, parse_zip_part, split_zip_codes


class TestZipCodes(TestCase):
    def test_parts(self):
        for text, parts in (
            ("10, 201;2060", [("10", "10"), ("201", "201"), ("2060", "2060")]),
            ("1000-1499", [("1000", "1499")]),
            (" 1000 – 1499 ,", [("1000", "1499")]),
            ("sw1, 00-09", [("SW1", "SW1"), ("00", "09")]),
            ("4000-4000", [("4000", "4000")]),
            (",, ;", []),
        ):
            self.assertEqual(
                [tuple(parse_zip_part(part)) for part in split_zip_codes(text)], parts
            )

    def test_refused(self):
        for part, code in (
            ("10*", "unclear"),
            ("4000/4020", "unclear"),
            ("1000-", "incomplete"),
            ("-1499", "incomplete"),
            ("-", "incomplete"),
            ("1000--1499", "incomplete"),
            ("1000-1200-1499", "incomplete"),
            ("SW1-SW9", "letters"),
            ("100²-1499", "letters"),
            ("100-1499", "widths"),
            ("1499-1000", "reversed"),
        ):
            with self.subTest(part), self.assertRaises(ZipError) as caught:
                parse_zip_part(part)
            self.assertEqual(
                (caught.exception.code, caught.exception.part), (code, part)
            )

    def test_match(self):
        codes = ZipCodes("1000", "1499")
        for code, is_one in (
            ("1000", True),
            ("1499", True),
            ("1499AB", True),
            ("1500", False),
            ("0999", False),
            ("149", False),
            ("", False),
        ):
            self.assertEqual(codes.match(code), is_one, code)
        self.assertTrue(ZipCodes("SW1", "SW1").match(normalize_zip("sw 1a 2aa")))

    @given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
    def test_range_is_what_numbers_are_between(self, one, other, number):
        first, last = sorted((one, other))
        codes = parse_zip_part(f"{first:04}-{last:04}")
        self.assertEqual(codes.match(f"{number:04}"), first <= number <= last)

    @given(st.text())
    def test_means_something_or_is_refused(self, text):
        for part in split_zip_codes(text):
            try:
                codes = parse_zip_part(part)
            except ZipError as error:
                self.assertEqual(error.part, part)
            else:
                self.assertTrue(codes.first <= codes.last)
                self.assertTrue(codes.match(codes.first))
