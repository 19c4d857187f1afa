// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One message for each way in which an object is not a vdev, and for a QEMU that lacks something.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "vdevs/vmhost/loader.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost::loader_test {
namespace {

std::string object(const std::string& name) {
  return std::string(QVM_ODD_VDEVS) + "/odd-" + name + ".so";
}

TEST(VdevLoader, LoadsAVdev) {
  const auto descriptor = load_vdev(object("none"), "odd");
  ASSERT_TRUE(descriptor) << descriptor.error().message();
  EXPECT_STREQ((*descriptor)->name, "odd");
}

TEST(VdevLoader, LoadsAVdevOfAnOlderVersion) {
  const auto descriptor = load_vdev(object("old"), "odd");
  ASSERT_TRUE(descriptor) << descriptor.error().message();
  EXPECT_EQ((*descriptor)->abi_version, 4U);
}

struct OddObject {
  const char* object;
  const char* type;
  const char* message;  // "%" stands for the object's path
};
class VdevLoaderRefuses : public ::testing::TestWithParam<OddObject> {};

TEST_P(VdevLoaderRefuses, WithOneMessagePerCause) {
  const std::string path = object(GetParam().object);
  std::string expected = GetParam().message;
  expected.replace(expected.find('%'), 1, path);
  const auto descriptor = load_vdev(path, GetParam().type);
  ASSERT_FALSE(descriptor);
  EXPECT_EQ(descriptor.error().message(), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, VdevLoaderRefuses,
    ::testing::Values(
        OddObject{"nothing-there", "odd", "cannot load '%': No such file or directory"},
        OddObject{"entry", "odd", "'%' has no function qvm_vdev_entry: it is not a vdev"},
        OddObject{"null", "odd", "qvm_vdev_entry of '%' returned no descriptor"},
        OddObject{"magic", "odd",
                  "the descriptor of '%' starts with 0x1234, not with 0x31564544564d5651: it is not a vdev"},
        OddObject{
            "abi", "odd",
            "'%' was built for version 99 of the vdev ABI; this qvm takes versions 4 to 5: build it again"},
        OddObject{"size", "odd", "the descriptor of '%' has 8 bytes; version 5 of the vdev ABI has 64"},
        OddObject{"function", "odd", "the descriptor of '%' lacks its name or one of its functions"},
        OddObject{"none", "even", "'%' is the vdev 'odd'; the configuration asks for 'even'"}));

TEST(VdevLoader, SaysWhichSymbolAnObjectLacks) {
  const auto descriptor = load_vdev(object("unresolved"), "odd");
  ASSERT_FALSE(descriptor);
  EXPECT_NE(descriptor.error().message().find("undefined symbol: qvm_a_function_that_nobody_has"),
            std::string::npos)
      << descriptor.error().message();
}

TEST(VdevLoader, RefusesAFileThatIsNoObject) {
  const auto descriptor = load_vdev(QVM_SOURCE_DIR "/LICENSE", "odd");
  ASSERT_FALSE(descriptor);
  EXPECT_EQ(descriptor.error().message().find("cannot load '" QVM_SOURCE_DIR "/LICENSE': "), 0u);
}

TEST(VdevLoader, RefusesARelativePath) {
  const auto descriptor = load_vdev("vdev-odd.so", "odd");
  ASSERT_FALSE(descriptor);
  EXPECT_EQ(descriptor.error().message(), "object 'vdev-odd.so' is not an absolute path");
}

QemuVersionTriple g_version{7, 2, 22};
QemuVersionInfo g_info{&g_version, nullptr};
QemuVersionInfo* query_version(QemuError**) {
  return &g_info;
}

std::string_view g_missing;  // what the fake QEMU lacks
void* lookup(const char* name) {
  static int something;
  if (name == g_missing) return nullptr;
  if (std::string_view(name) == "qmp_query_version") return reinterpret_cast<void*>(&query_version);
  return &something;
}

TEST(QemuApi, ResolvesWhatIsThere) {
  g_missing = "";
  const auto api = QemuApi::resolve(&lookup);
  ASSERT_TRUE(api);
  EXPECT_EQ(api->version_text(), "7.2.22");
  EXPECT_NE(api->memory_region_init_io, nullptr);
  EXPECT_NE(api->isa_get_irq, nullptr);
}

TEST(QemuApi, NamesTheMissingFunctionAndTheVersion) {
  g_missing = "memory_region_init_alias";
  const auto api = QemuApi::resolve(&lookup);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message(),
            "QEMU 7.2.22 has no function 'memory_region_init_alias', which vmhost needs; use a QEMU that was "
            "built with modules, of a version that was tried (7.2, 10.0, 11.1)");
}

TEST(QemuApi, SaysSoIfNothingIsExported) {
  g_missing = "qmp_query_version";
  const auto api = QemuApi::resolve(&lookup);
  ASSERT_FALSE(api);
  EXPECT_EQ(
      api.error().message(),
      "this QEMU exports none of its functions: use one that was built with modules, as Debian, Ubuntu and "
      "Fedora do");
}

TEST(QemuApi, DoesWithoutWhatIsOptional) {
  g_missing = "kvm_set_irq";
  const auto api = QemuApi::resolve(&lookup);
  ASSERT_TRUE(api);
  EXPECT_EQ(api->kvm_set_irq, nullptr);
}

}  // namespace
}  // namespace qvm::vmhost::loader_test
