"""The transformed template, cut to what moto's stand-in for CloudFormation can make: `moto_template.py [NAME=VALUE…]`.

Runs with the Python of target/tools/sam. It decides the conditions for these parameters, as CloudFormation would, because
moto leaves an empty entry where a list has `AWS::NoValue`. Resources of types that moto does not know are left out, and what
names them gets a text of the right form."""

import json
import re
import sys

from transformed_template import transformed

# Types that moto does not make, or makes only from what it does not make.
UNKNOWN = {
    "AWS::CloudFormation::Stack": "arn:aws:cloudformation:us-east-1:123456789012:stack/{0}/1",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:{0}",
    "AWS::SES::EmailIdentity": "{0}",
    "AWS::SES::ConfigurationSet": "{0}",
    "AWS::SES::ConfigurationSetEventDestination": "{0}",
    "AWS::Route53::RecordSet": "{0}",
    "AWS::ApiGatewayV2::Stage": "{0}",
    "AWS::ApiGatewayV2::ApiMapping": "{0}",
    "AWS::ApiGatewayV2::DomainName": "{0}",
    "AWS::Lambda::EventInvokeConfig": "{0}",
}
NOTHING = object()


def conditions(template, values):
    """Whether each condition holds."""
    known = template["Conditions"]

    def value(part):
        return values[part["Ref"]] if isinstance(part, dict) else part

    def holds(part):
        (function, argument), = part.items()
        match function:
            case "Condition":
                return holds(known[argument])
            case "Fn::Equals":
                return str(value(argument[0])) == str(value(argument[1]))
            case "Fn::Not":
                return not holds(argument[0])
            case "Fn::And":
                return all(map(holds, argument))
            case "Fn::Or":
                return any(map(holds, argument))
        raise SystemExit(f"moto_template.py: no condition function {function}")

    return {name: holds(part) for name, part in known.items()}


def decided(part, holds, left_out):
    """A part of the template without conditions, and without references to what is left out."""
    if isinstance(part, list):
        return [kept for one in part if (kept := decided(one, holds, left_out)) is not NOTHING]
    if isinstance(part, str):
        named = lambda found: left_out[found[1]].format(found[1]) if found[1] in left_out else found[0]
        return re.sub(r"\$\{(\w+)(?:\.\w+)?\}", named, part)
    if not isinstance(part, dict):
        return part
    if set(part) == {"Fn::If"}:
        name, yes, no = part["Fn::If"]
        return decided(yes if holds[name] else no, holds, left_out)
    if part == {"Ref": "AWS::NoValue"}:
        return NOTHING
    target = part.get("Ref") or (part.get("Fn::GetAtt") or [None])[0]
    if len(part) == 1 and target in left_out:
        return left_out[target].format(target)
    kept = {name: decided(one, holds, left_out) for name, one in part.items()}
    return {name: one for name, one in kept.items() if one is not NOTHING}


def main():
    template = transformed()
    values = {name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()}
    values |= dict(pair.split("=", 1) for pair in sys.argv[1:])
    holds = conditions(template, values)
    there = {name: one for name, one in template["Resources"].items() if holds.get(one.get("Condition"), True)}
    left_out = {name: UNKNOWN[one["Type"]] for name, one in there.items() if one["Type"] in UNKNOWN}
    kept = {name: decided(one, holds, left_out) for name, one in there.items() if name not in left_out}
    for one in kept.values():
        one.pop("Condition", None)
        waits = one.pop("DependsOn", [])
        waits = [name for name in ([waits] if isinstance(waits, str) else waits) if name in kept]
        if waits:
            one["DependsOn"] = waits
    outputs = {name: decided(one, holds, left_out) for name, one in template["Outputs"].items()
               if holds.get(one.get("Condition"), True)}
    for one in outputs.values():
        one.pop("Condition", None)
    print(json.dumps({"Parameters": template["Parameters"], "Resources": kept, "Outputs": outputs}))
    print(f"{len(kept)} of {len(there)} resources", file=sys.stderr)


if __name__ == "__main__":
    main()
