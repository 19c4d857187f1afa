// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Writes the few terms of ACPI Machine Language (ACPI specification 6.x, chapter 20) that our tables need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::plan::aml {

// Bytes of encoded terms; concatenate them.
using Bytes = std::string;

// value in little-endian order, width bytes.
Bytes little_endian(std::uint64_t value, unsigned width);
// ZeroOp, OneOp or the shortest of ByteConst … QWordConst.
Bytes integer(std::uint64_t value);
// text: ASCII without NUL.
Bytes string(std::string_view text);
// content: encoded initial bytes.
Bytes buffer(const Bytes& content);
// At most 255 elements.
Bytes package(const std::vector<Bytes>& elements);
// segment: up to four characters, padded with '_'.
Bytes name(std::string_view segment, const Bytes& value);
Bytes device(std::string_view segment, const Bytes& content);
// path: "\\_SB" or a single segment.
Bytes scope(std::string_view path, const Bytes& content);

// Resource descriptors (ACPI specification chapter 6.4), to be joined by resource_template().
Bytes memory32_fixed(std::uint32_t start, std::uint32_t length);
// Consumer, fixed, read-write, not cacheable.
Bytes qword_memory(std::uint64_t start, std::uint64_t length);
// Level, active high, shared, consumer.
Bytes level_interrupt(std::uint32_t line);
Bytes resource_template(const std::vector<Bytes>& descriptors);

// A whole table: header with a right checksum, then content. Signature: four characters; the ids are padded
// with NUL.
Bytes table(std::string_view signature, std::uint8_t revision, std::string_view oem_table_id,
            const Bytes& content);

}  // namespace qvm::plan::aml
