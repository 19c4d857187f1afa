// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/acpi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "qvm/plan/aml.h"
#include "tests/support/file_content.h"
#include "tests/support/run_program.h"

namespace qvm::plan {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A directory that goes away with the test.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "qvm-acpi-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

const std::vector<vdevs::DeviceNode> kNodes = {
    {.compatible = {"qvm,guest_shm"}, .ranges = {{0x1c050000, 0x1000}}, .line = 10},
    {.compatible = {"example,counter"}, .ranges = {{0x10002000, 0x100}}}};
const std::vector<Window> kWindows = {{0x80000000, 0x10000000}, {0x200000000, 0x80000000}};

TEST(AcpiTable, IsEmptyWithoutDevices) {
  EXPECT_EQ(build_acpi_table({}, {}), "");
}

TEST(AcpiTable, HeaderSaysLengthAndSumsToZero) {
  const std::string table = build_acpi_table(kNodes, kWindows);
  ASSERT_GT(table.size(), 36u);
  EXPECT_EQ(table.substr(0, 4), "SSDT");
  EXPECT_EQ(table.substr(4, 4), aml::little_endian(table.size(), 4));
  const unsigned sum = std::accumulate(table.begin(), table.end(), 0u,
                                       [](unsigned s, char c) { return s + static_cast<unsigned char>(c); });
  EXPECT_EQ(sum & 0xff, 0u);
}

TEST(AcpiTable, DisassemblesToWhatWasMeant) {
  if (!test::program_exists("iasl")) GTEST_SKIP() << "iasl (acpica-tools) is not installed";
  const Directory directory;
  const fs::path table = directory.path / "ssdt.aml";
  std::ofstream(table, std::ios::binary) << build_acpi_table(kNodes, kWindows);
  const auto result = test::run_program({"iasl", "-d", table.string()}, "");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string source = test::content_of(directory.path / "ssdt.dsl");
  EXPECT_THAT(source, HasSubstr("Scope (\\_SB)"));
  EXPECT_THAT(source, HasSubstr("Device (Q000)"));
  EXPECT_THAT(source, HasSubstr("Name (_HID, \"PRP0001\")"));
  EXPECT_THAT(source, HasSubstr("0x1C050000,         // Address Base"));
  EXPECT_THAT(source, HasSubstr("Interrupt (ResourceConsumer, Level, ActiveHigh, Shared"));
  EXPECT_THAT(source, HasSubstr("0x0000000A,"));
  EXPECT_THAT(source, HasSubstr("ToUUID (\"daffd814-6eba-4d8c-8a91-bc9bbf4aa301\")"));
  EXPECT_THAT(source, HasSubstr("\"qvm,guest_shm\""));
  EXPECT_THAT(source, HasSubstr("\"example,counter\""));
  EXPECT_THAT(source, HasSubstr("Name (_HID, \"PNP0C02\""));
  EXPECT_THAT(source, HasSubstr("0x80000000,         // Address Base"));
  EXPECT_THAT(
      source,
      HasSubstr("QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite"));
  EXPECT_THAT(source, HasSubstr("0x0000000200000000, // Range Minimum"));
  EXPECT_THAT(source, HasSubstr("0x000000027FFFFFFF, // Range Maximum"));
  EXPECT_THAT(source, HasSubstr("0x0000000080000000, // Length"));
}

// The compiler makes the same bytes from the disassembly: nothing is merely tolerated by the disassembler.
TEST(AcpiTable, CompilesBackToTheSameBytes) {
  if (!test::program_exists("iasl")) GTEST_SKIP() << "iasl (acpica-tools) is not installed";
  const Directory directory;
  const std::string table = build_acpi_table(kNodes, kWindows);
  std::ofstream(directory.path / "ssdt.aml", std::ios::binary) << table;
  ASSERT_EQ(test::run_program({"iasl", "-d", (directory.path / "ssdt.aml").string()}, "").status, 0);
  const auto result = test::run_program(
      {"iasl", "-oe", "-p", (directory.path / "again").string(), (directory.path / "ssdt.dsl").string()}, "");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string again = test::content_of(directory.path / "again.aml");
  constexpr std::size_t kHeader = 36;
  EXPECT_EQ(again.substr(std::min(kHeader, again.size())), table.substr(kHeader));
}

TEST(Aml, IntegersTakeTheShortestForm) {
  EXPECT_EQ(aml::integer(0), std::string("\x00", 1));
  EXPECT_EQ(aml::integer(1), "\x01");
  EXPECT_EQ(aml::integer(2), "\x0a\x02");
  EXPECT_EQ(aml::integer(0xff), "\x0a\xff");
  EXPECT_EQ(aml::integer(0x100), std::string("\x0b\x00\x01", 3));
  EXPECT_EQ(aml::integer(0x10000), std::string("\x0c\x00\x00\x01\x00", 5));
  EXPECT_EQ(aml::integer(0x100000000), std::string("\x0e\x00\x00\x00\x00\x01\x00\x00\x00", 9));
}

// The length field grows at 64 and 4096 bytes, itself included.
TEST(Aml, PackageLengthGrowsWithItsContent) {
  const auto scope_start = [](std::size_t content) {
    return aml::scope("ABCD", std::string(content, 'x')).substr(1, 3);
  };
  EXPECT_EQ(scope_start(58).substr(0, 1), "\x3f");
  EXPECT_EQ(scope_start(59).substr(0, 2), "\x41\x04");
  EXPECT_EQ(scope_start(4089).substr(0, 2), "\x4f\xff");
  EXPECT_EQ(scope_start(4090).substr(0, 3), std::string("\x81\x00\x01", 3));
}

}  // namespace
}  // namespace qvm::plan
