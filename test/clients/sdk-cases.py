"""openstacksdk's whole bare-metal proxy against a service: each method is called, and what it did is read back.

Says one line of JSON for each case, {"case", "error"}, and at the end {"methods", "called"}: the methods that the
installed proxy has, and those that came back without an error. The account is in the environment, as for `openstack`.
"""

import json
import sys
import time
import traceback
import uuid

import openstack
from openstack.baremetal.v1 import _proxy

WAIT_SECONDS = 30
VERSION = "1.115"
CASES = []


def case(function):
    CASES.append(function)
    return function


class Recorded:
    """The proxy, and which of its methods worked."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.called = set()

    def __getattr__(self, name):
        found = getattr(self.proxy, name)

        def call(*args, **kwargs):
            answer = found(*args, **kwargs)
            # Lists are read page by page, when somebody takes from them.
            answer = list(answer) if hasattr(answer, "__next__") else answer
            self.called.add(name)
            return answer

        return call


class World:
    def __init__(self):
        self.connection = openstack.connect(load_yaml_config=True, load_envvars=True)
        self.proxy = self.connection.baremetal
        self.sdk = Recorded(self.proxy)

    def read(self, path):
        answer = self.proxy.get("/" + path, microversion=VERSION)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def status(self, path):
        return self.proxy.get("/" + path, microversion=VERSION).status_code

    def node(self, state="enroll", **facts):
        """Made without the SDK's own way to `available`, which takes seconds."""
        node = self.proxy.create_node(driver="fake-hardware", name=unique("node"), provision_state="enroll", **facts)
        for verb, rest in VERBS[state]:
            self.proxy.set_node_provision_state(node, verb)
            self.settle(node, rest)
        return self.proxy.get_node(node.id)

    def settle(self, node, state):
        return self.until("nodes/" + node.id, lambda seen: seen["provision_state"] == state and not seen["reservation"])

    def until(self, path, is_seen):
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            seen = self.read(path)
            if is_seen(seen):
                return seen
            assert time.monotonic() < deadline, (path, seen)
            time.sleep(0.1)


MANAGEABLE = [("manage", "manageable")]
AVAILABLE = MANAGEABLE + [("provide", "available")]
VERBS = {"enroll": [], "manageable": MANAGEABLE, "available": AVAILABLE, "active": AVAILABLE + [("active", "active")]}


def unique(what):
    return what + "-" + uuid.uuid4().hex[:8]


def mac():
    text = uuid.uuid4().hex[:8]
    return "52:54:" + ":".join(text[at : at + 2] for at in range(0, 8, 2))


def equal(seen, expected):
    assert seen == expected, "%r is not %r" % (seen, expected)


def has(values, value):
    assert value in list(values), "%r is not in %r" % (value, values)


def patch_of(path, value):
    return [{"op": "add", "path": path, "value": value}]


def life(world, noun, path, facts, change, finds=True, has_name=True):
    """What all resources have: made, listed, found, changed in two ways, deleted."""
    sdk, plural = world.sdk, noun if noun == "chassis" else noun + "s"
    made = getattr(sdk, "create_" + noun)(**facts)
    read = lambda: world.read("%s/%s" % (path, made.id))
    for key, value in facts.items():
        if key in read():
            equal(read()[key], value)
    has([each.id for each in getattr(sdk, plural)()], made.id)
    equal(getattr(sdk, "get_" + noun)(made.id).id, made.id)
    if finds:
        equal(getattr(sdk, "find_" + noun)(made.id).id, made.id)
        equal(getattr(sdk, "find_" + noun)(str(uuid.uuid4())), None)
    details = getattr(sdk, plural)(details=True) if noun != "allocation" else sdk.allocations(resource_class="none")
    assert noun == "allocation" or made.id in [each.id for each in details]
    getattr(sdk, "update_" + noun)(made.id, **change)
    for key, value in change.items():
        equal(read()[key], value)
    getattr(sdk, "patch_" + noun)(made.id, patch_of("/extra", {"patched": "yes"}))
    equal(read()["extra"], {"patched": "yes"})
    getattr(sdk, "delete_" + noun)(made.id)
    equal(world.status("%s/%s" % (path, made.id)), 404)
    getattr(sdk, "delete_" + noun)(made.id)  # ignore_missing
    return made


@case
def chassis(world):
    life(world, "chassis", "chassis", {"description": "rack", "extra": {"a": "b"}}, {"description": "other"})


@case
def port(world):
    facts = {"node_id": world.node().id, "address": mac(), "is_pxe_enabled": False}
    life(world, "port", "ports", facts, {"extra": {"c": "d"}})


@case
def port_group(world):
    facts = {"node_id": world.node().id, "address": mac(), "name": unique("bond"), "mode": "802.3ad"}
    life(world, "port_group", "portgroups", facts, {"name": unique("bond")})


@case
def volume_connector(world):
    facts = {"node_id": world.node("manageable").id, "type": "iqn", "connector_id": unique("iqn.a:")}
    life(world, "volume_connector", "volume/connectors", facts, {"connector_id": unique("iqn.b:")})


@case
def volume_target(world):
    facts = {"node_id": world.node("manageable").id, "volume_type": "iscsi", "volume_id": unique("v"), "boot_index": 0}
    life(world, "volume_target", "volume/targets", facts, {"volume_id": unique("v")})


@case
def deploy_template(world):
    steps = [{"interface": "bios", "step": "factory_reset", "args": {}, "priority": 50}]
    name = unique("CUSTOM_T").upper().replace("-", "_")
    more = [dict(steps[0], priority=60)]
    life(world, "deploy_template", "deploy_templates", {"name": name, "steps": steps}, {"steps": more}, finds=False)


@case
def allocation(world):
    kind = unique("class").replace("-", "_")
    world.node("available", resource_class=kind)
    facts = {"resource_class": kind, "name": unique("allocation")}
    life(world, "allocation", "allocations", facts, {"name": unique("renamed")}, finds=False)


@case
def wait_for_allocation(world):
    kind = unique("class").replace("-", "_")
    node = world.node("available", resource_class=kind)
    made = world.proxy.create_allocation(resource_class=kind, candidate_nodes=[node.id])
    done = world.sdk.wait_for_allocation(made, timeout=WAIT_SECONDS)
    equal((done.state, done.node_id), ("active", node.id))
    equal(world.read("nodes/" + node.id)["allocation_uuid"], made.id)


@case
def create_node_until_available(world):
    node = world.sdk.create_node(driver="fake-hardware", name=unique("made"), extra={"a": "b"})
    equal(node.provision_state, "available")
    seen = world.read("nodes/" + node.id)
    equal((seen["provision_state"], seen["extra"]), ("available", {"a": "b"}))
    world.sdk.delete_node(node)
    equal(world.status("nodes/" + node.id), 404)


@case
def nodes(world):
    node = world.node(resource_class=unique("class"))
    has([each.id for each in world.sdk.nodes()], node.id)
    equal([each.id for each in world.sdk.nodes(details=True, resource_class=node.resource_class)], [node.id])
    # Page by page.
    has([each.id for each in world.sdk.nodes(limit=1)], node.id)
    equal(world.sdk.get_node(node.name).id, node.id)
    equal(world.sdk.get_node(node.id, fields=["uuid", "name"]).name, node.name)
    equal((world.sdk.find_node(node.name).id, world.sdk.find_node("nobody")), (node.id, None))


@case
def update_node(world):
    node = world.node(extra={"a": 1})
    world.sdk.update_node(node, extra={"a": 1, "b": 2}, resource_class="big")
    seen = world.read("nodes/" + node.id)
    equal((seen["extra"], seen["resource_class"]), ({"a": 1, "b": 2}, "big"))
    world.sdk.patch_node(node, patch_of("/raid_interface", "no-raid"))
    equal(world.read("nodes/" + node.id)["raid_interface"], "no-raid")
    world.sdk.patch_node(node.id, patch_of("/driver", "fake-hardware"), reset_interfaces=True)
    equal(world.read("nodes/" + node.id)["raid_interface"], "fake")


@case
def provision(world):
    node = world.node()
    for verb, rest in AVAILABLE:
        world.sdk.set_node_provision_state(node, verb)
        done = world.sdk.wait_for_nodes_provision_state([node.id], rest, timeout=WAIT_SECONDS)
        equal([each.provision_state for each in done], [rest])
        world.settle(node, rest)
    drive = {"meta_data": {"hostname": "h"}}
    world.sdk.set_node_provision_state(node, "active", config_drive=drive)
    world.settle(node, "active")
    world.sdk.set_node_provision_state(node, "rescue", rescue_password="pw12345678")
    world.settle(node, "rescue")
    world.sdk.set_node_provision_state(node, "unrescue")
    world.settle(node, "active")
    world.sdk.set_node_provision_state(node, "deleted", wait=True, timeout=WAIT_SECONDS)
    equal(world.read("nodes/" + node.id)["provision_state"], "available")


@case
def clean_with_steps(world):
    node = world.node("manageable")
    world.sdk.set_node_provision_state(node, "clean", clean_steps=[{"interface": "deploy", "step": "erase_devices"}])
    world.settle(node, "manageable")


@case
def power(world):
    node = world.node("manageable")
    world.sdk.set_node_power_state(node, "power on")
    world.sdk.wait_for_node_power_state(node, "power on", timeout=WAIT_SECONDS)
    equal(world.read("nodes/" + node.id)["power_state"], "power on")
    world.sdk.wait_for_node_reservation(node, timeout=WAIT_SECONDS)
    equal(world.read("nodes/" + node.id)["reservation"], None)


@case
def boot(world):
    node = world.node("manageable")
    world.sdk.set_node_boot_device(node, "pxe", persistent=True)
    equal(world.read("nodes/%s/management/boot_device" % node.id), {"boot_device": "pxe", "persistent": True})
    states = "nodes/%s/states" % node.id
    world.sdk.set_node_boot_mode(node, "bios")
    world.until(states, lambda seen: seen["boot_mode"] == "bios")
    world.settle(node, "manageable")
    world.sdk.set_node_boot_mode(node, "uefi")
    world.until(states, lambda seen: seen["boot_mode"] == "uefi")
    world.settle(node, "manageable")
    world.sdk.set_node_secure_boot(node, True)
    world.until(states, lambda seen: seen["secure_boot"] is True)


@case
def maintenance(world):
    node = world.node()
    world.sdk.set_node_maintenance(node, reason="fan")
    seen = world.read("nodes/" + node.id)
    equal((seen["maintenance"], seen["maintenance_reason"]), (True, "fan"))
    world.sdk.unset_node_maintenance(node)
    equal(world.read("nodes/" + node.id)["maintenance"], False)


@case
def traits(world):
    node = world.node()
    read = lambda: world.read("nodes/%s/traits" % node.id)["traits"]
    world.sdk.set_node_traits(node, ["CUSTOM_A", "CUSTOM_B"])
    equal(read(), ["CUSTOM_A", "CUSTOM_B"])
    world.sdk.add_node_trait(node, "CUSTOM_C")
    world.sdk.remove_node_trait(node, "CUSTOM_A")
    equal(read(), ["CUSTOM_B", "CUSTOM_C"])


@case
def vifs(world):
    node = world.node()
    world.proxy.create_port(node_id=node.id, address=mac())
    vif = str(uuid.uuid4())
    world.sdk.attach_vif_to_node(node, vif)
    equal(world.read("nodes/%s/vifs" % node.id)["vifs"], [{"id": vif}])
    equal(world.sdk.list_node_vifs(node), [vif])
    equal(world.sdk.detach_vif_from_node(node, vif), True)
    equal(world.read("nodes/%s/vifs" % node.id)["vifs"], [])
    equal(world.sdk.detach_vif_from_node(node, vif), False)


@case
def validate(world):
    node = world.node("manageable")
    checked = world.sdk.validate_node(node, required=("power", "management"))
    answer = world.read("nodes/%s/validate" % node.id)
    equal({name: each.result for name, each in checked.items()}, {name: answer[name]["result"] for name in answer})


@case
def node_vendor_passthru(world):
    node = world.node("manageable")
    methods = world.sdk.list_node_vendor_passthru(node)
    methods = methods.json() if hasattr(methods, "json") else methods
    equal(sorted(methods), sorted(world.read("nodes/%s/vendor_passthru/methods" % node.id)))
    answer = world.sdk.call_node_vendor_passthru(node, "POST", "third_method_sync", {"bar": "meow"})
    equal((answer.status_code, answer.json()), (200, True))


@case
def drivers(world):
    has([each.name for each in world.sdk.drivers()], "fake-hardware")
    details = {each.name: each for each in world.sdk.drivers(details=True)}
    equal(details["fake-hardware"].default_power_interface, "fake")
    equal(world.sdk.get_driver("fake-hardware").default_deploy_interface, "fake")
    methods = world.sdk.list_driver_vendor_passthru("fake-hardware")
    methods = methods.json() if hasattr(methods, "json") else methods
    equal(sorted(methods), sorted(world.read("drivers/fake-hardware/vendor_passthru/methods")))
    answer = world.sdk.call_driver_vendor_passthru("fake-hardware", "POST", "echo", {"word": "hello"})
    equal((answer.status_code, answer.json()["word"]), (200, "hello"))


@case
def conductors(world):
    expected = [each["hostname"] for each in world.read("conductors")["conductors"]]
    equal([each.hostname for each in world.sdk.conductors()], expected)
    equal([each.alive for each in world.sdk.conductors(details=True)], [True])
    equal(world.sdk.get_conductor(expected[0]).hostname, expected[0])


def say(value):
    print(json.dumps(value), flush=True)


def main():
    world = World()
    for each in CASES:
        error = None
        try:
            each(world)
        except Exception:
            error = traceback.format_exc()
        say({"case": each.__name__, "error": error})
    methods = [name for name, value in vars(_proxy.Proxy).items() if callable(value) and not name.startswith("_")]
    say({"methods": sorted(methods), "called": sorted(world.sdk.called)})


if __name__ == "__main__":
    sys.exit(main())
