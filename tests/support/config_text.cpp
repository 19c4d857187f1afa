// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/config_text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace qvm::test {
namespace {

// A file of the size with bytes at offsets, the rest zeros.
std::string image(std::size_t size, const std::vector<std::pair<std::size_t, std::string>>& contents) {
  std::string text(size, '\0');
  for (const auto& [offset, bytes] : contents) text.replace(offset, bytes.size(), bytes);
  return text;
}

constexpr std::size_t kSmall = 8192;

std::string cells(std::initializer_list<std::uint32_t> values) {
  std::string text;
  for (const std::uint32_t value : values) {
    for (unsigned shift = 32; shift > 0; shift -= 8) text += static_cast<char>(value >> (shift - 8) & 0xffU);
  }
  return text;
}

std::string padded(std::string text) {
  text.resize((text.size() + 3) / 4 * 4, '\0');
  return text;
}

// Offsets of names in the tree's strings.
constexpr char kStrings[] = "#address-cells\0compatible\0reg\0interrupts";
constexpr std::uint32_t kAddressCells = 0;
constexpr std::uint32_t kCompatible = 15;
constexpr std::uint32_t kReg = 26;
constexpr std::uint32_t kInterrupts = 30;

std::string property(std::uint32_t name, const std::string& value) {
  return cells({3, static_cast<std::uint32_t>(value.size()), name}) + padded(value);
}

}  // namespace

std::string device_tree(const std::vector<TreeNode>& nodes) {
  std::string structure = cells({1}) + padded(std::string(1, '\0')) + property(kAddressCells, cells({2}));
  for (const TreeNode& node : nodes) {
    structure += cells({1}) + padded(node.name + '\0') + property(kCompatible, node.compatible + '\0') +
                 property(kReg, cells({0, node.address, 0, 0x1000})) +
                 property(kInterrupts, cells({0, node.interrupt, 4})) + cells({2});
  }
  structure += cells({2, 9});
  constexpr std::uint32_t kHeader = 40;
  const auto strings = static_cast<std::uint32_t>(kHeader + structure.size());
  const auto total = static_cast<std::uint32_t>(strings + sizeof kStrings);
  return cells(
             {0xd00dfeed, total, kHeader, strings, kHeader, 17, 16, 0, sizeof kStrings, strings - kHeader}) +
         structure + std::string(kStrings, sizeof kStrings);
}

MemoryReader::MemoryReader() {
  files["guest.elf"] = std::string("\177ELF").append(8188, 'e');
  files["guest.bin"] = std::string(8192, 'b');
  files["empty.bin"] = "";
  files["arm.elf"] = image(kSmall, {{0,
                                     "\x7f"
                                     "ELF"},
                                    {18, "\xb7"}});
  // 16 MiB when it runs.
  files["Image"] = image(kSmall, {{0x13, "\x01"}, {0x38, "ARM\x64"}});
  files["bzImage"] =
      image(kSmall, {{0x1fe, "\x55\xaa"}, {0x202, "HdrS"}, {0x206, "\x0f\x02"}, {0x263, "\x01"}});
  files["Image.gz"] = image(kSmall, {{0, "\x1f\x8b"}});
  files["guest.ifs"] = image(kSmall, {{0x200, "\xeb\x7e\xff"}});
  files["guest.dtb"] = image(kSmall, {{0, "\xd0\x0d\xfe\xed"}});
  files["tree.dtb"] = device_tree({{"uart@1c090000", "arm,pl011", 0x1c090000, 5}});
  files["disk.img"] = std::string(kSmall, 'd');
  files["other.img"] = std::string(kSmall, 'o');
  files["disk.qcow2"] = image(kSmall, {{0, "QFI\xfb"}});
  for (const char* name : {"/dev/hd0", "/dev/hd0t11", "/dev/ptyp0", "/dev/ttyp0", "/dev/ttyS1"})
    others[name] = {0, true, false};
  others["shared"] = {0, true, false, true, true};
}

Result<std::string> MemoryReader::read(std::string_view path, std::uint64_t limit) {
  const auto found = files.find(path);
  if (found == files.end()) return fail_errno("read '" + std::string(path) + "'", ENOENT);
  if (found->second.size() > limit)
    return fail("read '" + std::string(path) + "': larger than " + std::to_string(limit) + " bytes");
  return found->second;
}

Result<std::string> MemoryReader::read_head(std::string_view path, std::uint64_t count) {
  auto text = read(path, UINT64_MAX);
  if (text && text->size() > count) text->resize(count);
  return text;
}

Result<config::FileFacts> MemoryReader::facts(std::string_view path) {
  if (const auto other = others.find(path); other != others.end()) return other->second;
  const auto text = read(path, UINT64_MAX);
  if (!text) return tl::unexpected<Error>(text.error());
  return config::FileFacts{text->size(), true, true};
}

std::optional<std::string> MemoryReader::environment(std::string_view name) {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

config::HostResources example_host() {
  return {4, std::uint64_t{8} << 30U};
}

const config::TableSet& shipped_tables() {
  static const Result<config::TableSet> tables = config::TableSet::shipped();
  if (!tables) {
    std::fprintf(stderr, "%s\n", tables.error().message().c_str());
    std::abort();
  }
  return *tables;
}

MarkedText::MarkedText(std::string_view marked) {
  std::uint32_t begin = 0;
  while (!marked.empty()) {
    const auto here = static_cast<std::uint32_t>(text.size());
    if (marked.starts_with("[[")) {
      begin = here;
      marked.remove_prefix(2);
    } else if (marked.starts_with("]]")) {
      ranges.emplace_back(begin, here);
      marked.remove_prefix(2);
    } else {
      text += marked.front();
      marked.remove_prefix(1);
    }
  }
}

config::LoadedSystem load_texts(const std::vector<std::string>& texts, const config::HostResources& host) {
  static constexpr const char* kNames[] = {"vms/one.qvmconf", "vms/two.qvmconf", "vms/three.qvmconf"};
  MemoryReader reader;
  reader.machine = host;
  reader.variables["HOME"] = "/home";
  reader.files["/home/../guest.elf"] = reader.files["guest.elf"];
  reader.files["vms/beside.elf"] = reader.files["guest.elf"];
  reader.files["more.qvmconf"] = "logger error stderr\n";
  std::vector<config::VmInput> inputs;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    reader.files[kNames[i]] = texts[i];
    inputs.emplace_back().words = {std::string("@") + kNames[i]};
  }
  return config::load_vms(inputs, shipped_tables(), reader);
}

config::LoadedSystem load_text(const std::string& text) {
  return load_texts({text});
}

std::vector<std::string> messages(const config::LoadedSystem& system) {
  std::vector<std::string> result;
  for (const config::Diagnostic& one : system.diagnostics.all())
    result.push_back(one.rule + " " + one.message);
  return result;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_of(const config::LoadedSystem& system,
                                                               std::string_view rule) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> result;
  for (const config::Diagnostic& one : system.diagnostics.all()) {
    if (one.rule == rule) result.emplace_back(one.where.begin, one.where.end);
  }
  return result;
}

}  // namespace qvm::test
