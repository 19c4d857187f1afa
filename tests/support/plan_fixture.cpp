// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/plan_fixture.h"

#include <fmt/format.h>

#include <stdexcept>

#include "config/manifest/host_map.h"

namespace qvm::test {
namespace {

using namespace std::string_literals;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// A valid multiboot header after an ELF identification of the given class (1: 32 bits, 2: 64 bits).
std::string multiboot_image(char elf_class) {
  std::string image = "\x7f"s + "ELF" + elf_class;
  image.resize(64, '\0');
  image += "\x02\xb0\xad\x1b\x00\x00\x00\x00\xfe\x4f\x52\xe4"s;
  image.resize(0x10000, '\0');
  return image;
}

std::string elf_without_entry() {
  std::string image = "\x7f"s + "ELF\x02";
  image.resize(0x10000, '\0');
  return image;
}

// Little-endian numbers at offsets.
void put(std::string& image, std::size_t offset, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) image[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

// One segment of 1 MiB at 0x80080000, running at high addresses.
std::string arm_elf() {
  constexpr std::uint64_t kRunsAt = 0xffff000000080000;
  std::string image = "\x7f"s + "ELF\x02\x01\x01";
  image.resize(0x10000, '\0');
  put(image, 16, 2, 2);    // executable
  put(image, 18, 183, 2);  // aarch64
  put(image, 24, kRunsAt + 0x40, 8);
  put(image, 32, 64, 8);  // program headers
  put(image, 54, 56, 2);
  put(image, 56, 1, 2);
  put(image, 64, 1, 4);  // load
  put(image, 64 + 16, kRunsAt, 8);
  put(image, 64 + 24, 0x80080000, 8);
  put(image, 64 + 32, 0x8000, 8);
  put(image, 64 + 40, 0x100000, 8);
  return image;
}

std::string arm_kernel() {
  std::string image(0x10000, '\0');
  put(image, 16, 0x1800000, 8);  // what it takes of memory
  image.replace(56, 4, "ARM\x64");
  return image;
}

std::string linux_kernel() {
  std::string image(0x202, '\0');
  image += "HdrS\x0f\x02"s;
  image.resize(0x10000, '\0');
  return image;
}

// A network card and its twin that can be given away; devices that cannot, each for another reason.
std::vector<plan::HostPciDevice> fake_pci_devices() {
  return {{"0000:00:00.0", "1c05:0002", 6, "", {}},        {"0000:00:01.0", "8086:1901", 6, "pcieport", 1},
          {"0000:00:1f.0", "8086:a304", 6, "", 5},         {"0000:01:00.0", "8086:10d3", 2, "vfio-pci", 1},
          {"0000:01:00.1", "8086:10d3", 2, "vfio-pci", 1}, {"0000:02:00.0", "10de:1c82", 3, "nouveau", 2},
          {"0000:02:00.1", "10de:0fb9", 4, "", 3},         {"0000:03:00.0", "1b21:1242", 12, "vfio-pci", 4},
          {"0000:03:00.1", "1b21:1243", 1, "ahci", 4},     {"0000:04:00.0", "8086:24fd", 2, "iwlwifi", {}}};
}

// The header of one of them: of revision 3, by the maker of subsystem a1b2:c3d4, with a base address, a line
// and capabilities. The port 1.0 is a bridge, and nobody can read the last one.
std::optional<std::string> fake_pci_header(const std::string& address) {
  for (const plan::HostPciDevice& device : fake_pci_devices()) {
    if (device.address != address || address == "0000:04:00.0") continue;
    const auto number = [&](std::size_t at) { return std::stoul(device.id.substr(at, 2), nullptr, 16); };
    std::string header(vdevs::kPciHeaderBytes, '\0');
    const auto put = [&header](std::size_t at, unsigned long value) {
      header[at] = static_cast<char>(value);
    };
    put(0x00, number(2));
    put(0x01, number(0));
    put(0x02, number(7));
    put(0x03, number(5));
    put(0x06, 0x10);
    put(0x08, 3);
    put(0x0b, device.base_class);
    put(0x0e, address == "0000:00:01.0" ? 1 : 0x80);
    put(0x12, 0xf0);
    header.replace(0x2c, 4, "\xb2\xa1\xd4\xc3");
    put(0x34, 0x40);
    put(0x3d, 1);
    return header;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FakeFiles::contents(std::string_view path) const {
  const auto listed = texts.find(path);
  if (listed != texts.end()) return listed->second;
  if (ends_with(path, ".elf")) return multiboot_image(1);
  if (ends_with(path, ".elf64")) return elf_without_entry();
  if (ends_with(path, ".aarch64")) return arm_elf();
  if (ends_with(path, ".Image")) return arm_kernel();
  if (ends_with(path, ".bzImage")) return linux_kernel();
  if (ends_with(path, ".bin")) return std::string(0x10000, '\0');
  return std::nullopt;
}

Result<std::string> FakeFiles::read(std::string_view path, std::uint64_t limit) {
  auto text = contents(path);
  if (!text) return fail(fmt::format("'{}': No such file or directory", path));
  if (text->size() > limit) return fail(fmt::format("'{}' is longer than {} bytes", path, limit));
  return std::move(*text);
}

Result<std::string> FakeFiles::read_head(std::string_view path, std::uint64_t count) {
  auto text = contents(path);
  if (!text) return fail(fmt::format("'{}': No such file or directory", path));
  return text->substr(0, count);
}

Result<config::FileFacts> FakeFiles::facts(std::string_view path) {
  const auto text = contents(path);
  if (!text) return fail(fmt::format("'{}': No such file or directory", path));
  return config::FileFacts{text->size(), true, true};
}

std::optional<std::string> FakeFiles::environment(std::string_view) {
  return std::nullopt;
}

plan::HostFacts fake_host() {
  plan::HostFacts host;
  host.runtime_directory = "/run/qvm";
  host.plugin_directory = "/usr/lib/qvm";
  host.firmware_path = "/usr/share/qemu/qboot.rom";
  host.working_directory = "/home/user";
  return host;
}

const config::TableSet& fake_tables() {
  static const config::TableSet tables = [] {
    auto shipped = config::TableSet::shipped();
    if (!shipped) throw std::runtime_error(shipped.error().message());
    std::vector<Error> failures;
    shipped->add_directory(QVM_SOURCE_DIR "/tests/golden/plan/vdevs", failures);
    shipped->add_directory(QVM_SOURCE_DIR "/docs/examples/edu", failures);
    if (!failures.empty()) throw std::runtime_error(failures.front().message());
    return std::move(*shipped);
  }();
  return tables;
}

std::string Planned::text() const {
  std::string result;
  for (const config::Diagnostic& finding : findings.all()) {
    result += fmt::format("{}: {}: {} [{}]\n", loaded.sources.describe(finding.where),
                          to_string(finding.severity), finding.message, finding.rule);
    for (const config::Note& note : finding.notes) {
      result += fmt::format("  {}: note: {}\n", loaded.sources.describe(note.where), note.text);
    }
    if (!finding.help.empty()) result += fmt::format("  help: {}\n", finding.help);
  }
  return result;
}

Planned plan_file(FakeFiles& files, const std::string& name, const plan::HostFacts& host,
                  const config::SystemConfig* manifest) {
  Planned result;
  config::VmInput input;
  input.words = {"@" + name};
  result.loaded = config::load_vms({input}, fake_tables(), files);
  plan::HostQueries queries;
  queries.read_head = [&](const std::string& path) -> std::optional<std::string> {
    auto head = files.read_head(path, plan::kImageHead);
    if (!head) return std::nullopt;
    return std::move(*head);
  };
  queries.read_file = [&](const std::string& path, std::uint64_t limit) -> std::optional<std::string> {
    auto text = files.read(path, limit);
    if (!text) return std::nullopt;
    return std::move(*text);
  };
  queries.find_group = [](const std::string& group) -> std::optional<gid_t> {
    if (group == "video") return 44;
    return std::nullopt;
  };
  queries.pci_devices = fake_pci_devices;
  queries.pci_header = fake_pci_header;
  queries.is_directory = [](const std::string& path) { return !ends_with(path, "nowhere"); };
  queries.kvm_gics = [&files] { return files.kvm_gics; };
  queries.find_host_path = [manifest](const std::string& path) {
    return manifest == nullptr ? nullptr : config::find_host_map(*manifest, path);
  };
  result.plan = plan::build(result.loaded.vms.at(0), result.loaded.names.at(0), host, result.loaded.sources,
                            result.findings, queries);
  return result;
}

Planned plan_text(const std::string& text, const plan::HostFacts& host,
                  const config::SystemConfig* manifest) {
  FakeFiles files;
  files.texts["vm.qvmconf"] = text;
  return plan_file(files, "vm.qvmconf", host, manifest);
}

}  // namespace qvm::test
