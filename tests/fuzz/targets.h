// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What must hold for every sequence of bytes. Called by the corpus test and, where a fuzzing engine is
// available, by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace qvm::fuzz {

// Each returns "" if all holds; else what does not.

// Two VMs read the bytes: findings are placed inside their sources, printable in every form, the same twice.
std::string check_config_input(const std::uint8_t* data, std::size_t size);
// The bytes are a manifest, of VMs that exist.
std::string check_manifest_input(const std::uint8_t* data, std::size_t size);
// Formatting keeps words, structure and comments, and is done after one time.
std::string check_format_input(const std::uint8_t* data, std::size_t size);
// Fixing comes to an end, and suppressions hide no error.
std::string check_fix_input(const std::uint8_t* data, std::size_t size);

// A guest does anything to the registers of a shmem device: they read as they should, and the line is high
// exactly while something is pending.
std::string check_shmem_input(const std::uint8_t* data, std::size_t size);
// The bytes are a journal, or its records: reading it leaves a state from which qvm-regiond can go on.
std::string check_journal_input(const std::uint8_t* data, std::size_t size);
// Clients say anything to qvm-regiond: nobody gets what is not his, and others do not notice.
std::string check_protocol_input(const std::uint8_t* data, std::size_t size);
// Anything happens to VMs, their processes, clients and qvmd: no VM is lost or started twice, every request
// is answered once, and when all are stopped nothing is left.
std::string check_lifecycle_input(const std::uint8_t* data, std::size_t size);

}  // namespace qvm::fuzz
