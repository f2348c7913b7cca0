# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Ansible calls them: what they take, what they refuse in which words, and their documentation."""

from __future__ import annotations

import inspect
import pathlib
import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.virt.esx.plugins.filter import conversion
from ansible_collections.virt.esx.plugins.module_utils import _xml

FILTERS = conversion.FilterModule().filters()
SIDECARS = pathlib.Path(conversion.__file__).parent
DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
SERVER = (DATA / "vmx" / "server.vmx").read_text(encoding="utf-8")
VMX = 'config.version = "8"\nvirtualHW.version = "13"\ndisplayName = "n"\n'
XML = FILTERS["vmx_to_domxml"](VMX)


class Tagged(str):
    """As Ansible's own kinds of text are."""

    __slots__ = ()


def test_text_bytes_and_ansibles_text_are_taken_alike() -> None:
    for given in (VMX, VMX.encode(), Tagged(VMX)):
        assert FILTERS["vmx_to_domxml"](given) == XML
        assert type(FILTERS["domxml_to_vmx"](Tagged(XML), base=given)) in (str, bytes)
    assert FILTERS["domxml_to_vmx"](XML.encode("utf-16")) == FILTERS["domxml_to_vmx"](XML)
    assert FILTERS["domxml_to_vmx"](XML, hw_version="7") == FILTERS["domxml_to_vmx"](XML, hw_version=7)
    assert FILTERS["to_vmx"](FILTERS["from_vmx"](Tagged(VMX))) == VMX


def test_bytes_that_ansible_keeps_in_text_are_decoded() -> None:
    text = b'.encoding = "windows-1252"\n'.decode() + VMX.replace('"n"', '"B\udcfcro"')
    assert "<name>Büro</name>" in FILTERS["vmx_to_domxml"](text)
    assert FILTERS["from_vmx"](text)["displayName"] == "Büro"


def test_options_may_be_given_by_place() -> None:
    xml = FILTERS["vmx_to_domxml"](
        SERVER, "[ssd] server", {"498076b2-02796c1a-ef5b-000ae484a6a3": "ssd", "images": "i"}
    )
    assert "[i] debian.iso" in xml
    assert 'virtualHW.version = "7"' in FILTERS["domxml_to_vmx"](XML, 7)


def test_a_missing_datastore_empties_a_cdrom_and_refuses_a_disk() -> None:
    uuid = "498076b2-02796c1a-ef5b-000ae484a6a3"
    assert "debian.iso" not in FILTERS["vmx_to_domxml"](SERVER, datastores={uuid: "ssd"})
    with pytest.raises(
        AnsibleFilterError, match="line 37, scsi0:1.fileName: .* refers to a datastore that does not exist"
    ):
        FILTERS["vmx_to_domxml"](SERVER, datastores={"images": "images"})


@pytest.mark.parametrize(
    ("name", "given", "options", "message"),
    [
        ("vmx_to_domxml", None, {}, "Expecting the VMX to be text or bytes, found nothing."),
        ("vmx_to_domxml", {"a": "b"}, {}, "Expecting the VMX to be text or bytes, found dict."),
        ("vmx_to_domxml", VMX, {"directory": 7}, "Expecting directory to be text such as"),
        ("vmx_to_domxml", VMX, {"directory": "web"}, "datastore path 'web' doesn't have expected format"),
        ("vmx_to_domxml", VMX, {"datastores": ["a"]}, "Expecting datastores to be a dictionary"),
        ("vmx_to_domxml", VMX, {"datastores": {"a": 1}}, "Expecting datastores to be a dictionary"),
        (
            "vmx_to_domxml",
            VMX,
            {"dialect": "vmware"},
            "There is no dialect 'vmware'; expected one of 'esx', 'libvirt', 'c",
        ),
        ("vmx_to_domxml", VMX, {"dialect": ["esx"]}, "There is no dialect ['esx']"),
        ("vmx_to_domxml", VMX + "x\n", {"dialect": "libvirt"}, "line 4, x: expecting an assignment"),
        (
            "vmx_to_domxml",
            VMX.encode() + b"#\xff",
            {},
            "line 4: byte 0xff is not valid in the file's encoding, UTF-8. Set",
        ),
        ("domxml_to_vmx", 7, {}, "Expecting the domain XML to be text or bytes, found int."),
        ("domxml_to_vmx", XML, {"hw_version": "new"}, "Expecting hw_version to be a whole number, found str."),
        ("domxml_to_vmx", XML, {"hw_version": True}, "Expecting hw_version to be a whole number, found bool."),
        ("domxml_to_vmx", XML, {"hw_version": 3}, "hw_version is 3, expecting at least 4."),
        ("domxml_to_vmx", XML, {"base": 1}, "Expecting base to be text or bytes, found int."),
        ("domxml_to_vmx", XML, {"base": "x"}, "line 1, x: expecting an assignment"),
        ("domxml_to_vmx", "<domain type='vmware'/>", {}, "line 1, <domain>: The domain has no name"),
        (
            "domxml_to_vmx",
            XML.replace("</devices>", "<controller type='scsi' index='4'/></devices>"),
            {},
            "line 17, <controller type='scsi' index='4'>: index out of [0..3] range",
        ),
        ("to_vmx", "x", {}, "Expecting the input of to_vmx to be a dictionary, found str."),
        ("to_vmx", {"a b": 1}, {}, "'a b' is not a key of a VMX"),
        ("from_vmx", [], {}, "Expecting the VMX to be text or bytes, found list."),
    ],
)
def test_what_is_refused_is_refused_as_ansible_wants_it(
    name: str, given: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnsibleFilterError) as refusal:
        FILTERS[name](given, **options)
    assert str(refusal.value).startswith(message)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_xml, "MISSING", "No module named 'lxml'")
    with pytest.raises(AnsibleError, match=r"required Python library \(lxml\)"):
        FILTERS["domxml_to_vmx"](XML)
    assert FILTERS["vmx_to_domxml"](VMX) == XML


def sidecar(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((SIDECARS / f"{name}.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("name", FILTERS)
def test_the_documentation_has_the_filters_options(name: str) -> None:
    options = sidecar(name)["DOCUMENTATION"]["options"]
    parameters = list(inspect.signature(getattr(conversion, name)).parameters.values())
    assert list(options) == ["_input", *(parameter.name for parameter in parameters[1:])]
    for parameter in parameters[1:]:
        assert options[parameter.name].get("default") == parameter.default


def quoted(examples: str, begin: str) -> str:
    """The text that stands in the comments of the examples behind a line."""
    lines = examples[examples.index(begin) :].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith("#   ") and found:
            break
        found.append(line[4:])
    return "\n".join(found).strip("\n") + "\n"


def test_the_examples_are_what_the_filters_do() -> None:
    examples = sidecar("vmx_to_domxml")["EXAMPLES"]
    given, shown = quoted(examples, "# With this web.vmx"), quoted(examples, "# the message is")
    assert FILTERS["vmx_to_domxml"](given, directory="[datastore1] web") == shown
    examples = sidecar("domxml_to_vmx")["EXAMPLES"]
    xml, shown = quoted(examples, "# With this demo.xml"), quoted(examples, "# the message is")
    assert FILTERS["domxml_to_vmx"](xml, hw_version=4) == shown
    before, after = quoted(examples, "# In web.vmx only the line"), quoted(examples, "# has become")
    doubled = FILTERS["vmx_to_domxml"](given).replace("2097152", "4194304")
    by_hand = re.sub("memSize.*\n", before, given)
    assert FILTERS["domxml_to_vmx"](doubled, base=by_hand) == by_hand.replace(before, after)


def test_the_examples_of_plain_data_are_what_the_filters_do() -> None:
    examples = sidecar("from_vmx")["EXAMPLES"]
    given, shown = quoted(examples, "# With this small.vmx"), quoted(examples, "# it is")
    assert FILTERS["from_vmx"](given) == yaml.safe_load(shown)
    examples = sidecar("to_vmx")["EXAMPLES"]
    settings = yaml.safe_load(examples)[0]["vars"]["settings"]
    assert FILTERS["to_vmx"](settings) == quoted(examples, "# small.vmx is")
