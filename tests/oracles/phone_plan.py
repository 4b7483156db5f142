#!/usr/bin/env python3
"""Compares the area codes that shared/domain/src/model/numbering.rs doesn't dial with libphonenumber's regions.

For development, when area codes come into service: `pip install phonenumbers`, then run this. It prints what differs,
and exits with 1 if a code of another country is dialled, or one of ours is not.
"""

import pathlib
import re
import sys

from phonenumbers import PhoneNumber, PhoneNumberType, is_valid_number, number_type, region_code_for_number

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent / "shared/domain/src/model/numbering.rs"
# Canadian services that belong to no area.
SPECIAL = {"600"}
OURS = {"US", "CA", "PR", "VI", "GU", "AS", "MP"}
COSTLY = {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST,
          PhoneNumberType.PERSONAL_NUMBER}


def dialled(code, refused):
    """What is_area in the source says."""
    return (code[0] in "23456789" and code[1] != "9" and code[1] != code[2]
            and code[:2] not in ("37", "96") and code not in refused)


def main():
    text = SOURCE.read_text().split("#[cfg(test)]")[0]
    refused = set(re.findall(r'"(\d{3})"', "".join(re.findall(r"const \w+: \[&str; \d+\] = \[.*?\];", text, re.S))))
    faults = 0
    for code in (str(code) for code in range(200, 1000)):
        numbers = [PhoneNumber(country_code=1, national_number=int(f"{code}{exchange}2345")) for exchange in range(200, 1000)]
        known = [number for number in numbers if is_valid_number(number)]
        if not known:
            continue
        fine = any(region_code_for_number(number) in OURS and number_type(number) not in COSTLY for number in known)
        if code not in SPECIAL and fine != dialled(code, refused):
            print(f"{code}: {'not dialled' if fine else 'dialled'}, but the library says otherwise")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
