// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/host_pci.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace qvm::cli {
namespace {

namespace fs = std::filesystem;

// A file with one number like "0x8086"; 0 if there is none.
unsigned read_number(const fs::path& path) {
  std::ifstream file(path);
  unsigned value = 0;
  file >> std::hex >> value;
  return file ? value : 0;
}

// The last part of where a link leads to; empty if there is no link.
std::string target_of(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename().string();
}

}  // namespace

std::vector<plan::HostPciDevice> read_pci_devices(const std::string& directory) {
  std::vector<plan::HostPciDevice> devices;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& path = entry->path();
    plan::HostPciDevice device;
    device.address = path.filename().string();
    device.id = fmt::format("{:04x}:{:04x}", read_number(path / "vendor"), read_number(path / "device"));
    device.base_class = static_cast<std::uint8_t>(read_number(path / "class") >> 16U);
    device.driver = target_of(path / "driver");
    const std::string group = target_of(path / "iommu_group");
    unsigned number = 0;
    if (std::from_chars(group.data(), group.data() + group.size(), number).ec == std::errc())
      device.iommu_group = number;
    devices.push_back(std::move(device));
  }
  std::sort(devices.begin(), devices.end(),
            [](const auto& one, const auto& other) { return one.address < other.address; });
  return devices;
}

std::optional<std::string> read_pci_header(const std::string& address, const std::string& directory) {
  std::ifstream file(fs::path(directory) / address / "config", std::ios::binary);
  std::string bytes(vdevs::kPciHeaderBytes, '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  return bytes;
}

}  // namespace qvm::cli
