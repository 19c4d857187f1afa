// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The members of a plan in the order of its JSON. A member more also goes into schemas/plan.schema.json; a
// test compares them.
#pragma once

#include "qvm/base/fields.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/regions/model/policy_fields.h"

namespace qvm {

template <>
inline constexpr auto kWords<plan::HostFacts::Acceleration> = Names<plan::HostFacts::Acceleration, 2>{
    {{plan::HostFacts::Acceleration::kvm, "kvm"}, {plan::HostFacts::Acceleration::tcg, "tcg"}}};

template <>
inline constexpr auto kFields<plan::HostFacts> =
    std::tuple{Field{"acceleration", &plan::HostFacts::acceleration},
               Field{"runtime_directory", &plan::HostFacts::runtime_directory},
               Field{"plugin_directory", &plan::HostFacts::plugin_directory},
               Field{"firmware_path", &plan::HostFacts::firmware_path},
               Field{"working_directory", &plan::HostFacts::working_directory},
               Field{"uid", &plan::HostFacts::uid},
               Field{"gid", &plan::HostFacts::gid},
               Field{"groups", &plan::HostFacts::groups},
               Field{"host_id", &plan::HostFacts::host_id},
               Field{"own_uid", &plan::HostFacts::own_uid},
               Field{"caller_uid", &plan::HostFacts::caller_uid},
               Field{"caller_gid", &plan::HostFacts::caller_gid}};

template <>
inline constexpr auto kWords<plan::MemoryRange::Kind> =
    Names<plan::MemoryRange::Kind, 6>{{{plan::MemoryRange::Kind::ram, "ram"},
                                       {plan::MemoryRange::Kind::rom, "rom"},
                                       {plan::MemoryRange::Kind::device, "device"},
                                       {plan::MemoryRange::Kind::region_window, "region-window"},
                                       {plan::MemoryRange::Kind::firmware, "firmware"},
                                       {plan::MemoryRange::Kind::reserved, "reserved"}}};

template <>
inline constexpr auto kFields<plan::MemoryRange> =
    std::tuple{Field{"kind", &plan::MemoryRange::kind}, Field{"start", &plan::MemoryRange::start},
               Field{"length", &plan::MemoryRange::length}, Field{"owner", &plan::MemoryRange::owner},
               Field{"place", &plan::MemoryRange::place}};

template <>
inline constexpr auto kFields<plan::PortRange> =
    std::tuple{Field{"start", &plan::PortRange::start}, Field{"length", &plan::PortRange::length},
               Field{"owner", &plan::PortRange::owner}, Field{"place", &plan::PortRange::place}};

template <>
inline constexpr auto kFields<plan::InterruptUse> =
    std::tuple{Field{"controller", &plan::InterruptUse::controller}, Field{"line", &plan::InterruptUse::line},
               Field{"owner", &plan::InterruptUse::owner}, Field{"place", &plan::InterruptUse::place}};

template <>
inline constexpr auto kFields<plan::PciUse> =
    std::tuple{Field{"device", &plan::PciUse::device}, Field{"function", &plan::PciUse::function},
               Field{"id", &plan::PciUse::id}, Field{"owner", &plan::PciUse::owner},
               Field{"place", &plan::PciUse::place}};

template <>
inline constexpr auto kFields<plan::Boot> =
    std::tuple{Field{"kernel", &plan::Boot::kernel}, Field{"initrd", &plan::Boot::initrd},
               Field{"cmdline", &plan::Boot::cmdline}, Field{"acpi_tables", &plan::Boot::acpi_tables}};

template <>
inline constexpr auto kFields<plan::Blob> = std::tuple{
    Field{"path", &plan::Blob::path}, Field{"address", &plan::Blob::address},
    Field{"length", &plan::Blob::length}, Field{"elf", &plan::Blob::elf, FieldForm::unless_default}};

template <>
inline constexpr auto kFields<plan::BoardStart> =
    std::tuple{Field{"boot_address", &plan::BoardStart::address},
               Field{"boot_code", &plan::BoardStart::code, FieldForm::hex},
               Field{"boot_code_path", &plan::BoardStart::code_path},
               Field{"device_tree", &plan::BoardStart::device_tree, FieldForm::hex},
               Field{"device_tree_dump", &plan::BoardStart::device_tree_dump}};

template <>
inline constexpr auto kFields<plan::Console> =
    std::tuple{Field{"vdev", &plan::Console::vdev}, Field{"socket", &plan::Console::socket},
               Field{"log", &plan::Console::log}};

template <>
inline constexpr auto kFields<plan::Disk> =
    std::tuple{Field{"vdev", &plan::Disk::vdev},     Field{"name", &plan::Disk::name},
               Field{"path", &plan::Disk::path},     Field{"writable", &plan::Disk::writable},
               Field{"direct", &plan::Disk::direct}, Field{"place", &plan::Disk::place}};

template <>
inline constexpr auto kFields<vdevs::LinkEnd> =
    std::tuple{Field{"name", &vdevs::LinkEnd::name}, Field{"peer_vm", &vdevs::LinkEnd::peer_vm},
               Field{"peer_name", &vdevs::LinkEnd::peer_name}, Field{"hub", &vdevs::LinkEnd::hub}};

template <>
inline constexpr auto kFields<plan::NetworkInterface> =
    std::tuple{Field{"vdev", &plan::NetworkInterface::vdev}, Field{"mac", &plan::NetworkInterface::mac},
               Field{"towards", &plan::NetworkInterface::towards},
               Field{"link", &plan::NetworkInterface::link}, Field{"place", &plan::NetworkInterface::place}};

template <>
inline constexpr auto kFields<vdevs::Relay> =
    std::tuple{Field{"vdev", &vdevs::Relay::vdev},           Field{"socket", &vdevs::Relay::socket},
               Field{"input", &vdevs::Relay::input},         Field{"output", &vdevs::Relay::output},
               Field{"command", &vdevs::Relay::command},     Field{"terminal", &vdevs::Relay::terminal},
               Field{"directory", &vdevs::Relay::directory}, Field{"batch_us", &vdevs::Relay::batch_us},
               Field{"delay", &vdevs::Relay::delay}};

template <>
inline constexpr auto kWords<vdevs::HostObject::Kind> =
    Names<vdevs::HostObject::Kind, 6>{{{vdevs::HostObject::Kind::bridge, "bridge"},
                                       {vdevs::HostObject::Kind::tap, "tap"},
                                       {vdevs::HostObject::Kind::network, "network"},
                                       {vdevs::HostObject::Kind::device, "device"},
                                       {vdevs::HostObject::Kind::path, "path"},
                                       {vdevs::HostObject::Kind::pci, "pci"}}};

template <>
inline constexpr auto kFields<plan::HostObject> =
    std::tuple{Field{"kind", &plan::HostObject::kind}, Field{"name", &plan::HostObject::name},
               Field{"place", &plan::HostObject::place}};

template <>
inline constexpr auto kWords<config::Condition::Kind> =
    Names<config::Condition::Kind, 4>{{{config::Condition::Kind::started, "started"},
                                       {config::Condition::Kind::region, "region"},
                                       {config::Condition::Kind::clients, "clients"},
                                       {config::Condition::Kind::console, "console"}}};

template <>
inline constexpr auto kFields<config::Condition> =
    std::tuple{Field{"kind", &config::Condition::kind},     Field{"vm", &config::Condition::vm},
               Field{"region", &config::Condition::region}, Field{"clients", &config::Condition::clients},
               Field{"text", &config::Condition::text},     Field{"timeout_ms", &config::Condition::timeout}};

template <>
inline constexpr auto kWords<config::RestartPolicy::When> = config::kRestartNames;

template <>
inline constexpr auto kFields<config::RestartPolicy> =
    std::tuple{Field{"policy", &config::RestartPolicy::when},
               Field{"max_restarts", &config::RestartPolicy::max_restarts},
               Field{"delay_ms", &config::RestartPolicy::delay},
               Field{"max_delay_ms", &config::RestartPolicy::max_delay},
               Field{"stable_after_ms", &config::RestartPolicy::stable_after}};

// Plans of older releases have no host_objects.
template <>
inline constexpr auto kFields<plan::VmPlan> =
    std::tuple{Field{"name", &plan::VmPlan::name},
               Field{"host", &plan::VmPlan::host},
               Field{"memory_bytes", &plan::VmPlan::memory_bytes},
               Field{"vcpus", &plan::VmPlan::vcpus},
               Field{"affinity", &plan::VmPlan::affinity},
               Field{"boot", &plan::VmPlan::boot},
               Field{"blobs", &plan::VmPlan::blobs},
               Field{"memory", &plan::VmPlan::memory},
               Field{"ports", &plan::VmPlan::ports},
               Field{"interrupts", &plan::VmPlan::interrupts},
               Field{"pci", &plan::VmPlan::pci},
               Field{"consoles", &plan::VmPlan::consoles},
               Field{"disks", &plan::VmPlan::disks},
               Field{"networks", &plan::VmPlan::networks},
               Field{"relays", &plan::VmPlan::relays},
               Field{"acpi_table", &plan::VmPlan::acpi_table, FieldForm::hex},
               Field{"acpi_table_path", &plan::VmPlan::acpi_table_path},
               Field{"vmhost_json", &plan::VmPlan::vmhost_json},
               Field{"vmhost_json_path", &plan::VmPlan::vmhost_json_path},
               Field{"domain_xml", &plan::VmPlan::domain_xml},
               Field{"policy", &plan::VmPlan::policy},
               Field{"depends_on", &plan::VmPlan::depends_on},
               Field{"restart", &plan::VmPlan::restart},
               Field{"dryrun", &plan::VmPlan::dryrun},
               Field{"host_objects", &plan::VmPlan::host_objects, FieldForm::unless_default},
               Field{"board", &plan::VmPlan::board}};

}  // namespace qvm
