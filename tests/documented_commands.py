"""Checks every command of the AWS command line that the documents and the scripts of infra/ name against the command line itself:
that the command exists, and each option of it.

It runs with the Python of target/tools/aws, which has the command line."""

import pathlib
import re
import sys

from awscli.clidriver import create_clidriver

ROOT = pathlib.Path(__file__).resolve().parent.parent
# `aws <service> wait <state>` has a word more.
COMMAND = re.compile(r"\baws ([a-z0-9-]+) (wait [a-z0-9-]+|[a-z0-9-]+)((?:\\\n|[^\n`|;])*)")
# In infra/smoke-test a command is a list of words, of which the first are the service and the operation.
WORDS = re.compile(r'\baws\("([a-z0-9-]+)", "([a-z0-9-]+)"(.*)')


def arguments(driver, service, operation):
    """The options of a command; `None` if there is no such command."""
    services = driver.create_help_command().command_table
    if service not in services:
        return None
    operations = services[service].create_help_command().command_table
    *waits, operation = operation.split()
    if waits:
        operations = operations["wait"].subcommand_table if "wait" in operations else {}
    return operations[operation].arg_table if operation in operations else None


def main():
    driver = create_clidriver()
    general = set(driver.create_help_command().arg_table)
    files = [*ROOT.glob("docs/*.md"), ROOT / "infra/restore-table", ROOT / "infra/smoke-test", ROOT / "infra/compare-heads"]
    checked, wrong = 0, []
    for file in files:
        text = file.read_text(encoding="utf-8")
        # A command inside another one's options counts by itself, however deep.
        inner, outer = re.compile(r"\$\([^()]*\)"), ""
        while found := inner.findall(text):
            outer += "\n".join(["", *found])
            text = inner.sub("inner", text)
        outer = f"{text}{outer}"
        for service, operation, rest in [*COMMAND.findall(outer), *WORDS.findall(text)]:
            known = arguments(driver, service, operation)
            where = f"{file.relative_to(ROOT)}: aws {service} {operation}"
            if known is None:
                wrong.append(f"{where}: there is no such command")
                continue
            checked += 1
            for option in re.findall(r"(?<![\w-])--([a-z0-9-]+)", rest):
                if option not in known and option not in general:
                    wrong.append(f"{where} has no --{option}")
    for line in wrong:
        print(f"  {line}", file=sys.stderr)
    print(f"{checked} commands and their options are as the AWS command line has them")
    sys.exit(bool(wrong) or checked < 20)


main()
