// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::MemoryReader;
using test::messages;
using test::shipped_tables;
using testing::ElementsAre;
using testing::IsEmpty;

VmInput words(std::vector<std::string> list) {
  VmInput input;
  input.words = std::move(list);
  return input;
}

TEST(LoadVms, NamesAVmBySystemElseByItsFile) {
  MemoryReader reader;
  reader.files["dir/left.qvmconf"] = "ram 64M";
  reader.files["other"] = "system right ram 64M";
  VmInput named = words({"ram", "64M"});
  named.fallback_name = "middle";
  const LoadedSystem system =
      load_vms({words({"@dir/left.qvmconf"}), words({"@other"}), named, words({"ram", "64M"})},
               shipped_tables(), reader);
  EXPECT_THAT(system.names, ElementsAre("left", "right", "middle", "guest"));
  EXPECT_THAT(messages(system), IsEmpty());
}

TEST(LoadVms, SortsFindingsByFileAndPlace) {
  MemoryReader reader;
  reader.files["a"] = "ram 64M xyzzy";
  reader.files["b"] = "cpu 2";
  const LoadedSystem system = load_vms({words({"@a"}), words({"@b"})}, shipped_tables(), reader);
  EXPECT_THAT(messages(system), ElementsAre("A01 unknown option 'xyzzy'", "B06 VM 'b' has no ram",
                                            "A17 'cpu' takes no count, '2' has no meaning here"));
  EXPECT_FALSE(system.unreadable);
}

TEST(LoadVms, TellsFilesThatCannotBeRead) {
  MemoryReader reader;
  const LoadedSystem system = load_vms({words({"@missing.qvmconf"})}, shipped_tables(), reader);
  EXPECT_TRUE(system.unreadable);
  EXPECT_THAT(system.names, ElementsAre("missing"));
  EXPECT_THAT(messages(system), ElementsAre("A22 cannot read 'missing.qvmconf': No such file or directory"));
}

TEST(LoadVms, TakesFilesToLoadFromItsDirectory) {
  MemoryReader reader;
  reader.files["sub/vm"] = "ram 64M load kernel load /abs";
  reader.files["sub/kernel"] = "12345";
  reader.files["/abs"] = "1";
  VmInput input = words({"@vm"});
  input.directory = "sub";
  const LoadedSystem system = load_vms({input}, shipped_tables(), reader);
  EXPECT_THAT(messages(system), IsEmpty());
  EXPECT_EQ(system.vms[0].loads[0].path, "kernel");
  EXPECT_EQ(system.vms[0].loads[0].size, 5U);
}

TEST(LoadManifest, ReadsItsVms) {
  MemoryReader reader;
  reader.files["dir/system.yaml"] =
      "vms:\n  left:\n    config: left.qvmconf\n    options: [dryrun]\n  right:\n    config: right.qvmconf\n";
  reader.files["dir/left.qvmconf"] = "system left ram 64M";
  reader.files["dir/right.qvmconf"] = "ram 64M";
  const LoadedSystem system = load_manifest("dir/system.yaml", shipped_tables(), reader);
  EXPECT_THAT(messages(system), IsEmpty());
  EXPECT_THAT(system.names, ElementsAre("left", "right"));
  EXPECT_TRUE(system.vms[0].dryrun);
  EXPECT_FALSE(system.vms[1].dryrun);
}

TEST(LoadManifest, BlamesTheManifestForItsWords) {
  MemoryReader reader;
  reader.files["system.yaml"] = "vms:\n  left:\n    config: left.qvmconf\n    options: [ram]\n";
  reader.files["left.qvmconf"] = "ram 64M";
  const LoadedSystem system = load_manifest("system.yaml", shipped_tables(), reader);
  ASSERT_THAT(messages(system), ElementsAre("A02 'ram' lacks its argument [START,]LENGTH"));
  EXPECT_EQ(system.sources.describe(system.diagnostics.all()[0].where), "system.yaml:4:15");
}

TEST(LoadManifest, BlamesTheManifestForAMissingFile) {
  MemoryReader reader;
  reader.files["system.yaml"] = "vms:\n  left:\n    config: left.qvmconf\n";
  const LoadedSystem system = load_manifest("system.yaml", shipped_tables(), reader);
  EXPECT_TRUE(system.unreadable);
  ASSERT_THAT(messages(system), ElementsAre("A22 cannot read 'left.qvmconf': No such file or directory"));
  EXPECT_EQ(system.sources.describe(system.diagnostics.all()[0].where), "system.yaml:3:13");
}

TEST(LoadManifest, MustBeReadable) {
  MemoryReader reader;
  const LoadedSystem system = load_manifest("missing.yaml", shipped_tables(), reader);
  EXPECT_TRUE(system.unreadable);
  EXPECT_TRUE(system.diagnostics.has_errors());
  EXPECT_FALSE(system.manifest);
}

}  // namespace
}  // namespace qvm::config
