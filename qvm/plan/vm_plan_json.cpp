// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// VmPlan as JSON, after schemas/plan.schema.json. One function per type and direction; reading throws inside
// this file only.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "qvm/plan/vm_plan.h"

#include "qvm/base/hex.h"
#include "qvm/base/names.h"
#include "qvm/plan/json_parts.h"
#include "qvm/plan/network_json.h"
#include "qvm/plan/supervision_json.h"
#include "qvm/regions/policy_json.h"

namespace qvm::plan {
namespace {

constexpr int kVersion = 1;

constexpr Names<MemoryRange::Kind, 6> kKinds = {{{MemoryRange::Kind::ram, "ram"},
                                                 {MemoryRange::Kind::rom, "rom"},
                                                 {MemoryRange::Kind::device, "device"},
                                                 {MemoryRange::Kind::region_window, "region-window"},
                                                 {MemoryRange::Kind::firmware, "firmware"},
                                                 {MemoryRange::Kind::reserved, "reserved"}}};
constexpr Names<HostFacts::Acceleration, 2> kAccelerations = {
    {{HostFacts::Acceleration::kvm, "kvm"}, {HostFacts::Acceleration::tcg, "tcg"}}};

constexpr Names<vdevs::HostObject::Kind, 6> kObjects = {{{vdevs::HostObject::Kind::bridge, "bridge"},
                                                         {vdevs::HostObject::Kind::tap, "tap"},
                                                         {vdevs::HostObject::Kind::network, "network"},
                                                         {vdevs::HostObject::Kind::device, "device"},
                                                         {vdevs::HostObject::Kind::path, "path"},
                                                         {vdevs::HostObject::Kind::pci, "pci"}}};

Json write(const HostFacts& host) {
  Json json = {{"acceleration", name_of(kAccelerations, host.acceleration)},
               {"runtime_directory", host.runtime_directory},
               {"plugin_directory", host.plugin_directory},
               {"firmware_path", host.firmware_path},
               {"working_directory", host.working_directory}};
  put(json, "uid", host.uid);
  put(json, "gid", host.gid);
  json["groups"] = host.groups;
  json["host_id"] = host.host_id;
  json["own_uid"] = host.own_uid;
  json["caller_uid"] = host.caller_uid;
  json["caller_gid"] = host.caller_gid;
  return json;
}

HostFacts read_host(const Json& json) {
  HostFacts host;
  host.acceleration = read_word(kAccelerations, json.at("acceleration").get<std::string>());
  get(json, "runtime_directory", host.runtime_directory);
  get(json, "plugin_directory", host.plugin_directory);
  get(json, "firmware_path", host.firmware_path);
  get(json, "working_directory", host.working_directory);
  host.uid = get_optional<uid_t>(json, "uid");
  host.gid = get_optional<gid_t>(json, "gid");
  get(json, "groups", host.groups);
  get(json, "host_id", host.host_id);
  get(json, "own_uid", host.own_uid);
  get(json, "caller_uid", host.caller_uid);
  get(json, "caller_gid", host.caller_gid);
  return host;
}

Json write(const MemoryRange& range) {
  return {{"kind", name_of(kKinds, range.kind)},
          {"start", range.start},
          {"length", range.length},
          {"owner", range.owner},
          {"place", range.place}};
}

MemoryRange read_memory(const Json& json) {
  MemoryRange range;
  range.kind = read_word(kKinds, json.at("kind").get<std::string>());
  get(json, "start", range.start);
  get(json, "length", range.length);
  get(json, "owner", range.owner);
  get(json, "place", range.place);
  return range;
}

Json write(const PortRange& range) {
  return {{"start", range.start}, {"length", range.length}, {"owner", range.owner}, {"place", range.place}};
}

PortRange read_ports(const Json& json) {
  return {json.at("start"), json.at("length"), json.at("owner"), json.at("place")};
}

Json write(const InterruptUse& use) {
  return {{"controller", use.controller}, {"line", use.line}, {"owner", use.owner}, {"place", use.place}};
}

InterruptUse read_interrupt(const Json& json) {
  return {json.at("controller"), json.at("line"), json.at("owner"), json.at("place")};
}

Json write(const PciUse& use) {
  return {{"device", use.device},
          {"function", use.function},
          {"id", use.id},
          {"owner", use.owner},
          {"place", use.place}};
}

PciUse read_pci(const Json& json) {
  return {json.at("device").get<std::uint32_t>(), json.at("function").get<std::uint32_t>(), json.at("id"),
          json.at("owner"), json.at("place")};
}

Json write(const Blob& blob) {
  Json json = {{"path", blob.path}, {"address", blob.address}, {"length", blob.length}};
  if (blob.elf) json["elf"] = true;
  return json;
}

Blob read_blob(const Json& json) {
  return {json.at("path"), json.at("address"), json.at("length"), json.value("elf", false)};
}

Json write(const Disk& disk) {
  return {{"vdev", disk.vdev},         {"name", disk.name},     {"path", disk.path},
          {"writable", disk.writable}, {"direct", disk.direct}, {"place", disk.place}};
}

Disk read_disk(const Json& json) {
  return {json.at("vdev"),     json.at("name"),   json.at("path"),
          json.at("writable"), json.at("direct"), json.at("place")};
}

Json write(const HostObject& object) {
  return {{"kind", name_of(kObjects, object.kind)}, {"name", object.name}, {"place", object.place}};
}

HostObject read_host_object(const Json& json) {
  return {read_word(kObjects, json.at("kind").get<std::string>()), json.at("name"), json.at("place")};
}

Json write(const Console& console) {
  return {{"vdev", console.vdev}, {"socket", console.socket}, {"log", console.log}};
}

Console read_console(const Json& json) {
  return {json.at("vdev"), json.at("socket"), json.at("log")};
}

Json write(const vdevs::Relay& relay) {
  Json json = {{"vdev", relay.vdev},           {"socket", relay.socket},    {"input", relay.input},
               {"output", relay.output},       {"command", relay.command},  {"terminal", relay.terminal},
               {"directory", relay.directory}, {"batch_us", relay.batch_us}};
  put(json, "delay", relay.delay);
  return json;
}

vdevs::Relay read_relay(const Json& json) {
  vdevs::Relay relay;
  get(json, "vdev", relay.vdev);
  get(json, "socket", relay.socket);
  get(json, "input", relay.input);
  get(json, "output", relay.output);
  get(json, "command", relay.command);
  get(json, "terminal", relay.terminal);
  get(json, "directory", relay.directory);
  relay.delay = get_optional<std::uint32_t>(json, "delay");
  get(json, "batch_us", relay.batch_us);
  return relay;
}

Json write(const regions::NameRule& rule) {
  return {{"allow", rule.allow}, {"pattern", rule.pattern}, {"place", rule.place}};
}

regions::NameRule read_rule(const Json& json) {
  regions::NameRule rule;
  get(json, "allow", rule.allow);
  get(json, "pattern", rule.pattern);
  get(json, "place", rule.place);
  return rule;
}

Json write(const regions::Substitution& substitution) {
  return {{"match", substitution.match}, {"prefix", substitution.prefix}, {"place", substitution.place}};
}

regions::Substitution read_substitution(const Json& json) {
  regions::Substitution substitution;
  get(json, "match", substitution.match);
  get(json, "prefix", substitution.prefix);
  get(json, "place", substitution.place);
  return substitution;
}

Json write(const regions::CreateSpec& create) {
  Json json = {{"name", create.name}, {"bytes", create.bytes}, {"mode", create.mode}};
  put(json, "gid", create.gid);
  json["place"] = create.place;
  return json;
}

regions::CreateSpec read_create(const Json& json) {
  regions::CreateSpec create;
  get(json, "name", create.name);
  get(json, "bytes", create.bytes);
  get(json, "mode", create.mode);
  create.gid = get_optional<gid_t>(json, "gid");
  get(json, "place", create.place);
  return create;
}

Json write(const regions::VdevPolicy& policy);

template <class T>
Json write_all(const std::vector<T>& values) {
  return write_list(values, [](const T& value) { return write(value); });
}

Json write(const regions::VdevPolicy& policy) {
  Json json = {{"vdev", policy.vdev},
               {"rules", write_all(policy.rules)},
               {"substitutions", write_all(policy.substitutions)},
               {"creates", write_all(policy.creates)},
               {"umask", policy.umask}};
  put(json, "gid", policy.gid);
  return json;
}

regions::VdevPolicy read_vdev_policy(const Json& json) {
  regions::VdevPolicy policy;
  get(json, "vdev", policy.vdev);
  policy.rules = read_list(json, "rules", read_rule);
  policy.substitutions = read_list(json, "substitutions", read_substitution);
  policy.creates = read_list(json, "creates", read_create);
  get(json, "umask", policy.umask);
  policy.gid = get_optional<gid_t>(json, "gid");
  return policy;
}

Json write(const regions::VmPolicy& policy) {
  return {{"vm", policy.vm},
          {"uid", policy.uid},
          {"gid", policy.gid},
          {"groups", policy.groups},
          {"vdevs", write_all(policy.vdevs)},
          {"connections_per_region", policy.connections_per_region},
          {"connections", policy.connections},
          {"bytes", policy.bytes},
          {"regions", policy.regions},
          {"limits_place", policy.limits_place},
          {"system", regions::limits_to_json<Json>(policy.system)}};
}

regions::VmPolicy read_policy(const Json& json) {
  regions::VmPolicy policy;
  get(json, "vm", policy.vm);
  get(json, "uid", policy.uid);
  get(json, "gid", policy.gid);
  get(json, "groups", policy.groups);
  policy.vdevs = read_list(json, "vdevs", read_vdev_policy);
  get(json, "connections_per_region", policy.connections_per_region);
  get(json, "connections", policy.connections);
  get(json, "bytes", policy.bytes);
  get(json, "regions", policy.regions);
  get(json, "limits_place", policy.limits_place);
  policy.system = regions::limits_from_json(json.at("system"));
  return policy;
}

VmPlan read_plan(const Json& json) {
  const int version = json.at("version").get<int>();
  if (version != kVersion)
    throw std::runtime_error(fmt::format("version {}, expected {}", version, kVersion));
  VmPlan plan;
  get(json, "name", plan.name);
  plan.host = read_host(json.at("host"));
  get(json, "memory_bytes", plan.memory_bytes);
  get(json, "vcpus", plan.vcpus);
  get(json, "affinity", plan.affinity);
  const Json& boot = json.at("boot");
  get(boot, "kernel", plan.boot.kernel);
  get(boot, "initrd", plan.boot.initrd);
  get(boot, "cmdline", plan.boot.cmdline);
  get(boot, "acpi_tables", plan.boot.acpi_tables);
  if (json.contains("board")) {
    const Json& board = json.at("board");
    BoardStart& start = plan.board.emplace();
    get(board, "boot_address", start.address);
    start.code = from_hex(board.at("boot_code").get<std::string>()).value();
    get(board, "boot_code_path", start.code_path);
    start.device_tree = from_hex(board.at("device_tree").get<std::string>()).value();
    get(board, "device_tree_dump", start.device_tree_dump);
  }
  plan.blobs = read_list(json, "blobs", read_blob);
  plan.memory = read_list(json, "memory", read_memory);
  plan.ports = read_list(json, "ports", read_ports);
  plan.interrupts = read_list(json, "interrupts", read_interrupt);
  plan.pci = read_list(json, "pci", read_pci);
  plan.consoles = read_list(json, "consoles", read_console);
  plan.disks = read_list(json, "disks", read_disk);
  plan.networks = read_list(json, "networks", network_from_json);
  plan.relays = read_list(json, "relays", read_relay);
  // Plans of older releases have none.
  if (json.contains("host_objects")) plan.host_objects = read_list(json, "host_objects", read_host_object);
  plan.acpi_table = from_hex(json.at("acpi_table").get<std::string>()).value();
  get(json, "acpi_table_path", plan.acpi_table_path);
  get(json, "vmhost_json", plan.vmhost_json);
  get(json, "vmhost_json_path", plan.vmhost_json_path);
  get(json, "domain_xml", plan.domain_xml);
  plan.policy = read_policy(json.at("policy"));
  plan.depends_on = read_list(json, "depends_on", condition_from_json);
  plan.restart = restart_from_json(json.at("restart"));
  get(json, "dryrun", plan.dryrun);
  return plan;
}

}  // namespace

std::string to_json(const VmPlan& plan) {
  Json json = {{"version", kVersion},
               {"name", plan.name},
               {"host", write(plan.host)},
               {"memory_bytes", plan.memory_bytes},
               {"vcpus", plan.vcpus},
               {"affinity", plan.affinity},
               {"boot",
                {{"kernel", plan.boot.kernel},
                 {"initrd", plan.boot.initrd},
                 {"cmdline", plan.boot.cmdline},
                 {"acpi_tables", plan.boot.acpi_tables}}},
               {"blobs", write_all(plan.blobs)},
               {"memory", write_all(plan.memory)},
               {"ports", write_all(plan.ports)},
               {"interrupts", write_all(plan.interrupts)},
               {"pci", write_all(plan.pci)},
               {"consoles", write_all(plan.consoles)},
               {"disks", write_all(plan.disks)},
               {"networks", write_list(plan.networks, network_to_json)},
               {"relays", write_all(plan.relays)},
               {"acpi_table", to_hex(plan.acpi_table)},
               {"acpi_table_path", plan.acpi_table_path},
               {"vmhost_json", plan.vmhost_json},
               {"vmhost_json_path", plan.vmhost_json_path},
               {"domain_xml", plan.domain_xml},
               {"policy", write(plan.policy)},
               {"depends_on", write_list(plan.depends_on, condition_to_json)},
               {"restart", restart_to_json(plan.restart)},
               {"dryrun", plan.dryrun}};
  if (!plan.host_objects.empty()) json["host_objects"] = write_all(plan.host_objects);
  if (plan.board) {
    json["board"] = {{"boot_address", plan.board->address},
                     {"boot_code", to_hex(plan.board->code)},
                     {"boot_code_path", plan.board->code_path},
                     {"device_tree", to_hex(plan.board->device_tree)},
                     {"device_tree_dump", plan.board->device_tree_dump}};
  }
  // Texts come from files of any encoding; what is not UTF-8 was refused before where it matters.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<VmPlan> from_json(const std::string& text) {
  try {
    return read_plan(Json::parse(text));
  } catch (const std::exception& problem) {
    return fail(std::string("read a plan: ") + problem.what());
  }
}

}  // namespace qvm::plan
