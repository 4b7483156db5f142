#!/usr/bin/env python3
"""Compares the time zones of area codes in shared/domain/src/model/time_zones.rs with libphonenumber's.

For development, when area codes come into service: `pip install phonenumbers`, then run this. It prints what differs,
and exits with 1 if a code's zones lack one that the library knows.
"""

import pathlib
import re
import sys

from phonenumbers import PhoneNumber, is_valid_number, timezone

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent / "shared/domain/src/model/time_zones.rs"

# Zones that keep the same clock as one of ours.
SAME = {
    "America/Toronto": "America/New_York",
    "America/Nassau": "America/New_York",
    "America/Grand_Turk": "America/New_York",
    "America/Winnipeg": "America/Chicago",
    "America/North_Dakota/Center": "America/Chicago",
    "America/Edmonton": "America/Denver",
    "America/Boise": "America/Denver",
    "America/Vancouver": "America/Los_Angeles",
    "America/Juneau": "America/Anchorage",
    "Atlantic/Bermuda": "America/Halifax",
    **dict.fromkeys(
        ["America/Anguilla", "America/Antigua", "America/Tortola", "America/Grenada", "America/Montserrat",
         "America/Lower_Princes", "America/Dominica", "America/St_Kitts"],
        "America/Puerto_Rico",
    ),
}


def ours():
    """Area code -> zones, as the source has them."""
    text = SOURCE.read_text().split("const AREA_CODES")[1].split("\n];")[0]
    rows = re.findall(r"&\[([^\]]*)\],\s*\"([^\"]*)\"", text)
    return {code: set(re.findall(r'"([^"]+)"', f'"{zones}"' if '"' not in zones else zones))
            for zones, codes in rows for code in re.findall(r"\d{3}", codes)}


def theirs(code):
    """The library's zones of an area code, over all of its exchanges; none if the code is not in service."""
    zones = set()
    for exchange in range(200, 1000):
        number = PhoneNumber(country_code=1, national_number=int(f"{code}{exchange}2345"))
        if is_valid_number(number):
            zones |= set(timezone.time_zones_for_geographical_number(number))
    # A code that belongs to no area has all zones there are.
    return {SAME.get(zone, zone) for zone in zones} if len(zones) <= 12 else set()


def main():
    known, faults = ours(), 0
    for code in (str(code) for code in range(200, 1000)):
        zones = theirs(code)
        if missing := zones - known.get(code, set()):
            print(f"{code}: lacks {', '.join(sorted(missing))}")
            faults += 1
    print(f"{len(known)} codes compared, {faults} differ")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
