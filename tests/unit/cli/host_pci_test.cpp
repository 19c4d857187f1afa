// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// PCI devices of an invented host: a directory as sysfs has it.
#include "qvm/cli/host_pci.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace qvm::cli {
namespace {

namespace fs = std::filesystem;

class HostPci : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/qvm-pci.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path add(const std::string& address, const std::string& vendor, const std::string& device,
               const std::string& kind) const {
    const fs::path path = fs::path(directory_) / address;
    fs::create_directory(path);
    std::ofstream(path / "vendor") << vendor << "\n";
    std::ofstream(path / "device") << device << "\n";
    std::ofstream(path / "class") << kind << "\n";
    return path;
  }

  std::string directory_;
};

TEST_F(HostPci, IsReadInOrder) {
  const fs::path card = add("0000:03:00.0", "0x8086", "0x10d3", "0x020000");
  fs::create_symlink("../../../bus/pci/drivers/vfio-pci", card / "driver");
  fs::create_symlink("../../../kernel/iommu_groups/7", card / "iommu_group");
  add("0000:00:01.0", "0x1c05", "0x0002", "0x060400");
  const auto devices = read_pci_devices(directory_);
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].address, "0000:00:01.0");
  EXPECT_EQ(devices[0].id, "1c05:0002");
  EXPECT_EQ(devices[0].base_class, 6);
  EXPECT_EQ(devices[0].driver, "");
  EXPECT_EQ(devices[0].iommu_group, std::nullopt);
  EXPECT_EQ(devices[1].id, "8086:10d3");
  EXPECT_EQ(devices[1].base_class, 2);
  EXPECT_EQ(devices[1].driver, "vfio-pci");
  EXPECT_EQ(devices[1].iommu_group, 7U);
}

TEST_F(HostPci, ShowsItsHeader) {
  const std::string header = "\x86\x80" + std::string(62, 'h');
  std::ofstream(add("0000:03:00.0", "0x8086", "0x10d3", "0x020000") / "config") << header << "more";
  std::ofstream(add("0000:04:00.0", "0x8086", "0x10d3", "0x020000") / "config") << "short";
  EXPECT_EQ(read_pci_header("0000:03:00.0", directory_), header);
  EXPECT_EQ(read_pci_header("0000:04:00.0", directory_), std::nullopt);
  EXPECT_EQ(read_pci_header("0000:05:00.0", directory_), std::nullopt);
}

TEST_F(HostPci, IsEmptyWithoutABus) {
  EXPECT_TRUE(read_pci_devices(directory_ + "/none").empty());
}

}  // namespace
}  // namespace qvm::cli
