// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Configuration texts without a disk: an invented file system, and marks in the input where a finding is
// expected.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/text/reader.h"

namespace qvm::test {

// Files and environment from maps. guest.elf (ELF, 8 KiB), guest.bin (8 KiB) and empty.bin exist in every
// one, and files of the formats that rules tell apart: see config/rules/rule.h.
class MemoryReader final : public config::Reader {
 public:
  MemoryReader();

  std::map<std::string, std::string, std::less<>> files;
  std::map<std::string, std::string, std::less<>> variables;
  std::map<std::string, config::FileFacts, std::less<>> others;  // directories, devices
  config::HostResources machine;

  Result<std::string> read(std::string_view path, std::uint64_t limit) override;
  Result<std::string> read_head(std::string_view path, std::uint64_t count) override;
  Result<config::FileFacts> facts(std::string_view path) override;
  std::optional<std::string> environment(std::string_view name) override;
  config::HostResources host() override { return machine; }
};

// A device of a compiled device tree: an address of two cells and a shared interrupt of a GIC.
struct TreeNode {
  std::string name;
  std::string compatible;
  std::uint32_t address = 0;
  std::uint32_t interrupt = 0;
};
std::string device_tree(const std::vector<TreeNode>& nodes);

// The machine of every rule's example: 4 CPUs, 8 GiB.
config::HostResources example_host();

// The tables that are compiled in.
const config::TableSet& shipped_tables();

// "a [[b]] c" is "a b c" with the range 2..3.
struct MarkedText {
  explicit MarkedText(std::string_view marked);
  std::string text;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
};

// Reads texts as VMs of one set; files are called vms/one.qvmconf, vms/two.qvmconf.
config::LoadedSystem load_texts(const std::vector<std::string>& texts,
                                const config::HostResources& host = {});
config::LoadedSystem load_text(const std::string& text);

// "A01 unknown option 'loq' in vdev 'shmem'" per finding, in order.
std::vector<std::string> messages(const config::LoadedSystem& system);

// The source text that each finding of the rule is about.
std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_of(const config::LoadedSystem& system,
                                                               std::string_view rule);

}  // namespace qvm::test
