// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The members of vmhost.json (vdevs/vmhost/config.h), in the order in which they are written.
#pragma once

#include "qvm/base/fields.h"
#include "vdevs/vmhost/config.h"

namespace qvm {

template <>
inline constexpr auto kFields<vmhost::AddressRange> = std::tuple{
    Field{"address", &vmhost::AddressRange::address}, Field{"length", &vmhost::AddressRange::length}};

template <>
inline constexpr auto kWords<vmhost::Location::Space> = Names<vmhost::Location::Space, 2>{
    {{vmhost::Location::Space::memory, "memory"}, {vmhost::Location::Space::io, "io"}}};

template <>
inline constexpr auto kFields<vmhost::Location> =
    std::tuple{Field{"space", &vmhost::Location::space},
               Field{"address", part(&vmhost::Location::range, &vmhost::AddressRange::address)},
               Field{"length", part(&vmhost::Location::range, &vmhost::AddressRange::length)}};

// Of a vdev that is a PCI function.
template <>
inline constexpr auto kFields<vmhost::PciConfig> =
    std::tuple{Field{"vendor", &vmhost::PciConfig::vendor}, Field{"device", &vmhost::PciConfig::device},
               Field{"class", &vmhost::PciConfig::class_code}, Field{"length", &vmhost::PciConfig::length}};

template <>
inline constexpr auto kFields<vmhost::InterruptPin> = std::tuple{
    Field{"controller", &vmhost::InterruptPin::controller}, Field{"line", &vmhost::InterruptPin::line}};

template <>
inline constexpr auto kFields<vmhost::OptionArgument> =
    std::tuple{Field{"text", &vmhost::OptionArgument::text}, Field{"value", &vmhost::OptionArgument::value},
               Field{"place", &vmhost::OptionArgument::place, FieldForm::or_default}};

template <>
inline constexpr auto kFields<vmhost::OptionUse> = std::tuple{
    Field{"name", &vmhost::OptionUse::name}, Field{"args", &vmhost::OptionUse::args, FieldForm::or_default},
    Field{"place", &vmhost::OptionUse::place, FieldForm::or_default}};

template <>
inline constexpr auto kFields<vmhost::VdevConfig> =
    std::tuple{Field{"id", &vmhost::VdevConfig::id},
               Field{"type", &vmhost::VdevConfig::type},
               Field{"name", &vmhost::VdevConfig::name, FieldForm::or_default},
               Field{"object", &vmhost::VdevConfig::object},
               Field{"place", &vmhost::VdevConfig::place, FieldForm::or_default},
               Field{"loc", &vmhost::VdevConfig::loc},
               Field{"pci", &vmhost::VdevConfig::pci},
               Field{"interrupt", &vmhost::VdevConfig::interrupt},
               Field{"interrupts", &vmhost::VdevConfig::interrupts, FieldForm::unless_default},
               Field{"window", &vmhost::VdevConfig::window},
               Field{"region_socket", &vmhost::VdevConfig::region_socket, FieldForm::unless_default},
               Field{"options", &vmhost::VdevConfig::options, FieldForm::or_default}};

template <>
inline constexpr auto kFields<vmhost::PlacedPart> =
    std::tuple{Field{"title", &vmhost::PlacedPart::title, FieldForm::or_default},
               Field{"place", &vmhost::PlacedPart::place, FieldForm::or_default},
               Field{"type", &vmhost::PlacedPart::type, FieldForm::unless_default},
               Field{"serial", &vmhost::PlacedPart::serial, FieldForm::unless_default},
               Field{"transport_of", &vmhost::PlacedPart::transport_of, FieldForm::unless_default},
               Field{"addresses", &vmhost::PlacedPart::addresses},
               Field{"line", &vmhost::PlacedPart::line},
               Field{"legacy", &vmhost::PlacedPart::legacy, FieldForm::unless_default}};

template <>
inline constexpr auto kFields<vmhost::FixedFunction> = std::tuple{
    Field{"id", &vmhost::FixedFunction::id},
    Field{"place", &vmhost::FixedFunction::place, FieldForm::or_default},
    Field{"config", part(&vmhost::FixedFunction::config, &vmhost::PciConfig::fixed_space), FieldForm::hex}};

template <>
inline constexpr auto kFields<vmhost::AddedMemory> =
    std::tuple{Field{"place", &vmhost::AddedMemory::place, FieldForm::or_default},
               Field{"address", part(&vmhost::AddedMemory::range, &vmhost::AddressRange::address)},
               Field{"length", part(&vmhost::AddedMemory::range, &vmhost::AddressRange::length)},
               Field{"writable", &vmhost::AddedMemory::writable, FieldForm::unless_default}};

// Types of the vdevs that are these parts.
template <>
inline constexpr auto kWords<vmhost::SecondPlace::Part> = Names<vmhost::SecondPlace::Part, 2>{
    {{vmhost::SecondPlace::Part::io_apic, "ioapic"}, {vmhost::SecondPlace::Part::precision_timer, "hpet"}}};

template <>
inline constexpr auto kFields<vmhost::SecondPlace> =
    std::tuple{Field{"part", &vmhost::SecondPlace::part},
               Field{"place", &vmhost::SecondPlace::place, FieldForm::or_default},
               Field{"address", part(&vmhost::SecondPlace::range, &vmhost::AddressRange::address)},
               Field{"length", part(&vmhost::SecondPlace::range, &vmhost::AddressRange::length)}};

template <>
inline constexpr auto kFields<vmhost::Config> = std::tuple{
    Field{"vm", &vmhost::Config::vm},
    Field{"vdevs", &vmhost::Config::vdevs},
    Field{"placed", &vmhost::Config::placed, FieldForm::unless_default},
    Field{"pci_functions", part(&vmhost::Config::extras, &vmhost::MachineExtras::pci_functions),
          FieldForm::unless_default},
    Field{"memory", part(&vmhost::Config::extras, &vmhost::MachineExtras::memory), FieldForm::unless_default},
    Field{"second_places", part(&vmhost::Config::extras, &vmhost::MachineExtras::second_places),
          FieldForm::unless_default}};

}  // namespace qvm
