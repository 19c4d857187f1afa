// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM's process is given of files that its user cannot read: real files, an invented domain.
#include "qvm/daemon/files/domain_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>

#include "qvm/daemon/files/renamed_files.h"
#include "qvm/plan/domain_xml.h"
#include "tests/support/file_content.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/vm_user.h"
#include "vdevs/vmhost/config.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::kVmUser;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Of a directory that others cannot enter.
constexpr const char* kOdd = "a b,c\xc3\xbc";

class DomainFiles : public testing::Test {
 protected:
  void SetUp() override {
    fs::permissions(directory_.path(), fs::perms(0755));
    fs::permissions(private_, fs::perms(0700));
    fs::create_directories(private_ + "/lib");
    fs::create_directories(private_ + "/guests");
    ASSERT_TRUE(prepare_runtime_directory(paths_));
    plan_.name = "vm";
    plan_.host.runtime_directory = paths_.root();
  }
  // As root: the plan is for a VM that runs as somebody else.
  bool give_user() {
    if (::geteuid() != 0) return false;
    plan_.host.uid = kVmUser.uid;
    plan_.host.gid = kVmUser.gid;
    return true;
  }
  std::string add(const std::string& name, const std::string& text) const {
    std::ofstream(private_ + "/" + name, std::ios::binary) << text;
    return private_ + "/" + name;
  }
  // The domain that the plan makes of its files, and what it becomes.
  Result<StagedDomain> stage() {
    std::string os;
    for (const auto& [name, path] :
         {std::pair("loader", plan_.host.firmware_path), std::pair("kernel", plan_.boot.kernel),
          std::pair("initrd", plan_.boot.initrd)}) {
      if (!path.empty()) os += "<" + std::string(name) + ">" + path + "</" + name + ">";
    }
    std::string words;
    const auto add_word = [&](const std::string& word) { words += "<qemu:arg value='" + word + "'/>"; };
    if (!plan_.vmhost_json.empty()) {
      add_word("file=" + plan::qemu_option_value(plan_.host.plugin_directory + "/libqvm-vmhost.so") +
               ",config=" + plan::qemu_option_value(plan_.vmhost_json_path));
    }
    for (const plan::Blob& blob : plan_.blobs)
      add_word("loader,file=" + plan::qemu_option_value(blob.path) + ",addr=0x1000");
    for (const std::string& table : plan_.boot.acpi_tables)
      add_word("file=" + plan::qemu_option_value(table));
    plan_.domain_xml = "<domain xmlns:qemu='q'><os>" + os + "</os><qemu:commandline>" + words +
                       "</qemu:commandline></domain>";
    EXPECT_TRUE(make_vm_directories(paths_, plan_));
    auto staged =
        stage_files(paths_, {place_, private_ + "/guests"}, plan_, "9f1c", [](const std::string&) {});
    if (staged) domain_.load_string(staged->xml.c_str());
    return staged;
  }
  void stage_or_fail() {
    const auto staged = stage();
    ASSERT_TRUE(staged) << staged.error().message();
  }
  // Without "file=" and what follows.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const pugi::xml_node node : domain_.child("domain").child("qemu:commandline").children()) {
      const std::string word = node.attribute("value").value();
      const auto begin = word.find("file=") + 5;
      found.push_back(word.substr(begin, word.find(',', begin) - begin));
    }
    return found;
  }
  std::string os(const char* element) const {
    return domain_.child("domain").child("os").child_value(element);
  }

  test::TemporaryDirectory directory_;
  std::string private_ = [this] {
    std::string path = directory_.path() + "/" + kOdd;
    fs::create_directory(path);
    return path;
  }();
  RuntimePaths paths_{directory_.path() + "/run"};
  StagingPlace place_{paths_.staged(), {}};
  plan::VmPlan plan_;
  pugi::xml_document domain_;
};

TEST_F(DomainFiles, TwoNamesOfWhichOneBeginsTheOtherAreTwoFiles) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  plan_.blobs = {{.path = add("font", "plain")}, {.path = add("font.bold", "bold")}};
  stage_or_fail();
  ASSERT_EQ(files().size(), 2U);
  EXPECT_EQ(content_of(files()[0]), "plain");
  EXPECT_EQ(content_of(files()[1]), "bold");
}

TEST_F(DomainFiles, FilesOfTheUserAreCopiedForTheVmAlone) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  plan_.boot.kernel = add("my kernel", "kernel");
  stage_or_fail();
  const std::string copy = os("kernel");
  EXPECT_THAT(copy, StartsWith(paths_.vm("vm") + "/"));
  EXPECT_EQ(content_of(copy), "kernel");
  struct stat facts {};
  ASSERT_EQ(::stat(copy.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0640U);
  EXPECT_EQ(facts.st_gid, kVmUser.gid);
  EXPECT_FALSE(readable_by(VmUser{.uid = 64124, .gid = 64124}, copy));
  EXPECT_FALSE(fs::exists(paths_.staged()));
}

TEST_F(DomainFiles, WhatQvmIsInstalledWithIsSharedByAllVms) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  plan_.host.plugin_directory = private_ + "/lib";
  add("lib/libqvm-vmhost.so", "vmhost");
  add("lib/vdev-x.so", "vdev");
  vmhost::Config config;
  config.vdevs.push_back({.id = "x0", .type = "x", .object = private_ + "/lib/vdev-x.so"});
  plan_.vmhost_json = vmhost::to_json(config);
  plan_.vmhost_json_path = paths_.vm("vm") + "/vmhost.json";
  plan_.host.firmware_path = add("bios.bin", "firmware");
  plan_.boot.kernel = add("guests/idle.elf", "guest");
  stage_or_fail();
  const auto objects = vdev_objects(content_of(plan_.vmhost_json_path));
  ASSERT_EQ(files().size(), 1U);
  ASSERT_EQ(objects.size(), 1U);
  for (const auto& [path, text] : {std::pair(files()[0], "vmhost"), std::pair(objects[0], "vdev"),
                                   std::pair(os("loader"), "firmware"), std::pair(os("kernel"), "guest")}) {
    EXPECT_THAT(path, StartsWith(paths_.staged() + "/"));
    EXPECT_EQ(content_of(path), text);
    EXPECT_TRUE(readable_by(kVmUser, path));
  }
}

TEST_F(DomainFiles, LinkAmongTheGuestsDoesNotMakeAPrivateFilePublic) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  plan_.boot.kernel = private_ + "/guests/mine.elf";
  fs::create_symlink(add("secret", "kernel"), plan_.boot.kernel);
  stage_or_fail();
  EXPECT_THAT(os("kernel"), StartsWith(paths_.vm("vm") + "/"));
}

TEST_F(DomainFiles, WhatTheUserCanReadIsNotCopied) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  fs::permissions(private_, fs::perms(0755));
  plan_.boot.kernel = add("kernel", "kernel");
  stage_or_fail();
  EXPECT_EQ(os("kernel"), plan_.boot.kernel);
}

TEST_F(DomainFiles, NamesThatQemuWouldTakeApartAreLinked) {
  plan_.boot.initrd = add("ram disk,1", "ramdisk");
  plan_.boot.acpi_tables = {add("a:b", "table")};
  plan_.host.uid.reset();
  stage_or_fail();
  EXPECT_EQ(os("initrd").find_first_of(", "), std::string::npos);
  EXPECT_EQ(content_of(os("initrd")), "ramdisk");
  ASSERT_EQ(files().size(), 1U);
  EXPECT_EQ(files()[0].find(':'), std::string::npos);
  EXPECT_EQ(content_of(files()[0]), "table");
  // A VM that is started again has the same directory.
  stage_or_fail();
  EXPECT_EQ(content_of(os("initrd")), "ramdisk");
}

TEST_F(DomainFiles, MissingPluginSaysWhatIsMissing) {
  plan_.host.plugin_directory = private_ + "/lib";
  plan_.vmhost_json = "{}";
  plan_.vmhost_json_path = paths_.vm("vm") + "/vmhost.json";
  const auto staged = stage();
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().message(),
            "'" + private_ +
                "/lib/libqvm-vmhost.so' (is qvm installed completely?): No such file or "
                "directory");
}

// A qvmd that is killed in the middle leaves a directory that its successor takes for a remainder.
TEST_F(DomainFiles, RecordGoesBeforeWhatStandsBesideIt) {
  ASSERT_TRUE(make_vm_directories(paths_, plan_));
  const std::string record = fs::path(paths_.vm_record("vm")).filename();
  for (int i = 0; i < 20; ++i) std::ofstream(paths_.vm("vm") + "/before" + std::to_string(i)) << i;
  std::ofstream(paths_.vm_record("vm")) << "{}";
  for (int i = 0; i < 20; ++i) std::ofstream(paths_.vm("vm") + "/after" + std::to_string(i)) << i;
  const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_GE(::inotify_add_watch(watch.get(), paths_.vm("vm").c_str(), IN_DELETE), 0);
  remove_vm_directory(paths_, "vm");
  EXPECT_FALSE(fs::exists(paths_.vm("vm")));
  alignas(inotify_event) std::array<char, 4096> events{};
  ASSERT_GT(::read(watch.get(), events.data(), events.size()), 0);
  EXPECT_EQ(reinterpret_cast<const inotify_event*>(events.data())->name, record);
}

TEST_F(DomainFiles, RuntimeDirectoryBehindADoorSaysWhatToOpen) {
  if (!give_user()) GTEST_SKIP() << "only root gives a VM a user of its own";
  fs::permissions(directory_.path(), fs::perms(0700));
  const auto staged = stage();
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().message(), "uid 64123 cannot reach '" + paths_.vm("vm") +
                                          "': 'chmod a+x' the runtime directory '" + paths_.root() +
                                          "' and what is above it");
}

}  // namespace
}  // namespace qvm::daemon
