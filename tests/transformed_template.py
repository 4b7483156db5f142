"""Checks what SAM makes of infra/template.yaml, and what CloudFormation would refuse only during a deployment: names that two
stacks would share, policies and templates above AWS's limits.

It runs with the Python of target/tools/sam, which has the transform itself (aws-sam-translator), and the schemas of
all resource types (cfn-lint)."""

import json
import pathlib
import re
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGION, ACCOUNT = "us-east-1", "123456789012"

# Names that don't contain the stack's, and why two stacks may coexist all the same.
SHARED = {
    "Domain": "a host name is unique in the world",
    "DomainRecord": "a host name is unique in the world",
    "DomainRecordV6": "a host name is unique in the world",
    "MailIdentity": "CreatesMailIdentity=no leaves it to another stack",
    "TextsSent": "the name is SNS's; TakesTextReceipts=no leaves it to another stack",
    "TextsFailed": "the name is SNS's; TakesTextReceipts=no leaves it to another stack",
}

# AWS's limits: CloudFormation quotas (template body in S3, resources), Lambda quotas (resource-based policy, name).
TEMPLATE_BYTES, RESOURCES, POLICY_BYTES, FUNCTION_NAME = 1_048_576, 500, 20_480, 64


class NoManagedPolicies:
    """The transform asks for AWS's own policies; the template names none."""

    def load(self):
        return {}


def transformed():
    template = yaml_parse((ROOT / "infra/template.yaml").read_text())
    for resource in template["Resources"].values():
        # `sam package` does this before the transform.
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = "https://s3.amazonaws.com/bucket/nested.yaml"
    values = {name: parameter.get("Default", "value") for name, parameter in template["Parameters"].items()}
    values |= {"AWS::Region": REGION, "AWS::Partition": "aws"}
    return transform(template, values, NoManagedPolicies())


def names(kind, properties):
    """The properties by which AWS knows a resource, and which can't change afterwards: its physical name."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    fixed = {path.rsplit("/", 1)[-1] for path in schema.get("createOnlyProperties", [])}
    fixed |= {path.rsplit("/", 1)[-1] for path in schema.get("primaryIdentifier", [])}
    return {name: properties[name] for name in fixed if name in properties and re.search(r"Name$|^EmailIdentity$", name)}


def is_the_stacks(value, stack, parameters):
    """Whether a name contains the stack's, or is that of another resource of the template."""
    if isinstance(value, dict):
        (function, argument), = value.items()
        if function == "Fn::Sub":
            return f"${{{stack}}}" in (argument[0] if isinstance(argument, list) else argument)
        return function == "Fn::GetAtt" or (function == "Ref" and (argument == stack or "::" not in argument and argument not in parameters))
    # The default stage of an HTTP API belongs to its API.
    return value == "$default"


def resources(tree):
    """All resources of a template, also those inside Fn::ForEach, by logical id."""
    for name, resource in tree.items():
        if name.startswith("Fn::ForEach::"):
            yield from resources(resource[2])
        else:
            yield name, resource


def shared_names(template, stack):
    found, parameters = [], set(template["Parameters"])
    for logical, resource in resources(template["Resources"]):
        if logical in SHARED:
            continue
        for name, value in names(resource["Type"], resource.get("Properties", {})).items():
            if not is_the_stacks(value, stack, parameters):
                found.append(f"{logical}.{name} is {json.dumps(value)}: every stack of the account wants this name")
    return found


def longest_stack(template):
    """How long a stack's name may be, so that every function's name is short enough."""
    named = (
        resource["Properties"]["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", "")
        for _, resource in resources(template["Resources"])
        if resource["Type"] == "AWS::Lambda::Function"
    )
    return FUNCTION_NAME - max(map(len, named))


def policies(template, length):
    """The size in bytes of each function's resource policy, as Lambda builds it of the permissions."""
    sizes = {}
    stack = "s" * length
    for logical, resource in resources(template["Resources"]):
        if resource["Type"] != "AWS::Lambda::Permission":
            continue
        properties = resource["Properties"]
        function = properties["FunctionName"]["Ref"]
        source = properties.get("SourceArn", "")
        if isinstance(source, dict) and "Fn::Sub" in source:
            text = source["Fn::Sub"]
            pattern, values = text if isinstance(text, list) else (text, {})
            source = pattern.replace("${__ApiId__}", "a" * 10).replace("${__Stage__}", "*")
        statement = {
            "Sid": f"{stack}-{logical}-{'x' * 12}",
            "Effect": "Allow",
            "Principal": {"Service": properties["Principal"]},
            "Action": "lambda:InvokeFunction",
            "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{'f' * FUNCTION_NAME}",
            "Condition": {"ArnLike": {"AWS:SourceArn": source if isinstance(source, str) else "x" * 128}},
        }
        sizes[function] = sizes.get(function, 60) + len(json.dumps(statement, separators=(",", ":"))) + 1
    return sizes


def main():
    whole = transformed()
    wrong = shared_names(whole, "AWS::StackName")
    for nested in ("watch", "security-log", "edge"):
        template = yaml_parse((ROOT / f"infra/{nested}.yaml").read_text())
        wrong += shared_names(template, "Stack")

    length = longest_stack(whole)
    sizes = policies(whole, length)
    wrong += [f"{function}: its policy has {size} bytes of {POLICY_BYTES}"
              for function, size in sizes.items() if size > POLICY_BYTES]
    size, count = len(json.dumps(whole)), len(whole["Resources"])
    if size > TEMPLATE_BYTES or count > RESOURCES:
        wrong.append(f"the template has {size} bytes of {TEMPLATE_BYTES} and {count} resources of {RESOURCES}")

    largest = max(sizes, key=sizes.get)
    print(f"{count} resources of {RESOURCES}, {size:,} bytes of {TEMPLATE_BYTES:,}; a stack's name may have {length} characters")
    print(f"the largest policy is {largest}'s: {sizes[largest]:,} bytes of {POLICY_BYTES:,} with the longest name")
    for line in wrong:
        print(f"  {line}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
