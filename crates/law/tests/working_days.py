"""Prints every day of a range of years with 1 (working day) or 0.

Run by the test `the_calendar_agrees_with_chinese_calendar_on_every_day`, with an
interpreter that has the package chinese-calendar (PyPI, 1.11.0).

Usage: working_days.py FIRST_YEAR LAST_YEAR
"""

import datetime
import sys

import chinese_calendar


def main() -> None:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    day = datetime.date(first, 1, 1)
    while day.year <= last:
        print(day.isoformat(), int(chinese_calendar.is_workday(day)))
        day += datetime.timedelta(days=1)


if __name__ == "__main__":
    main()
