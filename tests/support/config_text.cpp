// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/config_text.h"

#include <libfdt.h>

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

}  // namespace

std::string device_tree(const std::vector<TreeNode>& nodes) {
  std::string blob(4096 + nodes.size() * 512, '\0');
  void* const tree = blob.data();
  const auto cells = [](std::initializer_list<std::uint32_t> values) {
    std::vector<fdt32_t> result;
    for (const std::uint32_t value : values) result.push_back(cpu_to_fdt32(value));
    return result;
  };
  const auto property = [tree](const char* name, const std::vector<fdt32_t>& value) {
    return fdt_property(tree, name, value.data(), static_cast<int>(value.size() * sizeof(fdt32_t)));
  };
  int failures = fdt_create(tree, static_cast<int>(blob.size())) | fdt_finish_reservemap(tree) |
                 fdt_begin_node(tree, "") | property("#address-cells", cells({2}));
  for (const TreeNode& node : nodes) {
    failures |= fdt_begin_node(tree, node.name.c_str()) |
                fdt_property(tree, "compatible", node.compatible.c_str(),
                             static_cast<int>(node.compatible.size() + 1)) |
                property("reg", cells({0, node.address, 0, 0x1000})) |
                property("interrupts", cells({0, node.interrupt, 4})) | fdt_end_node(tree);
  }
  failures |= fdt_end_node(tree) | fdt_finish(tree);
  if (failures != 0) std::abort();
  blob.resize(fdt_totalsize(tree));
  return blob;
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
