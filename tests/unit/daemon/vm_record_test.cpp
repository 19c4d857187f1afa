// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Records that older releases wrote about VMs that may still be running when a newer one is installed. A
// folder of tests/golden/records is named by the last day on which they were written so.
#include "qvm/base/whole_text.h"
#include "qvm/daemon/files/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "qvm/daemon/files/file_access.h"
#include "tests/support/temporary_directory.h"
#include "vdevs/vmhost/config.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;

class OlderRecord : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    fs::create_directories(paths_.vms());
    fs::copy(fs::path(QVM_SOURCE_DIR "/tests/golden/records") / GetParam(), paths_.vm("left"));
  }
  const test::TemporaryDirectory directory_;
  const RuntimePaths paths_{directory_.path()};
};

TEST_P(OlderRecord, IsUnderstood) {
  const auto record = read_record(paths_, "left");
  ASSERT_TRUE(record) << record.error().message();
  const plan::VmPlan& plan = record->plan;
  EXPECT_EQ(plan.name, "left");
  EXPECT_EQ(plan.boot.kernel, "/usr/share/qvm/guests/hello.elf");
  EXPECT_EQ(plan.consoles.size(), 1U);
  EXPECT_EQ(plan.policy.vdevs.size(), 1U);
  EXPECT_EQ(plan.policy.vdevs.at(0).rules.at(0).pattern, "moo");
  EXPECT_EQ(plan.policy.system.bytes, std::uint64_t{64} << 20);
  EXPECT_EQ(plan.restart.when, config::RestartPolicy::When::on_failure);
  ASSERT_EQ(record->set_regions.size(), 1U);
  EXPECT_EQ(record->set_regions.at(0).bytes, std::uint64_t{64} << 10);
  // It is started again with this.
  const auto vmhost = vmhost::parse_config(plan.vmhost_json);
  ASSERT_TRUE(vmhost) << vmhost.error().message();
  EXPECT_EQ(vmhost->vdevs.at(0).id, "shmem0");

  const auto progress = read_progress(paths_, "left");
  ASSERT_TRUE(progress) << progress.error().message();
  EXPECT_EQ(progress->phase, lifecycle::Progress::Phase::running);
}

INSTANTIATE_TEST_SUITE_P(Days, OlderRecord, testing::Values("2026-11-30"),
                         [](const auto& day) { return "Day" + std::to_string(day.index); });

class VmRecordFile : public testing::Test {
 protected:
  VmRecordFile() {
    std::filesystem::create_directories(paths_.vm("left"));
    record_.plan.name = "left";
  }

  test::TemporaryDirectory directory_;
  const RuntimePaths paths_{directory_.path()};
  VmRecord record_{.libvirt_uri = "test:///default",
                   .set = "a set",
                   .set_regions = {{.name = "moo", .bytes = 8192}},
                   .owned = true,
                   .since = 5};
};

TEST_F(VmRecordFile, WhatCannotBeReadIsNotNothing) {
  EXPECT_THAT(recorded_vms(paths_).value(), testing::ElementsAre("left"));
  EXPECT_TRUE(recorded_vms(RuntimePaths(directory_.path() + "/none")).value().empty());
  std::filesystem::remove_all(paths_.vms());
  directory_.add("vm", "a file");
  EXPECT_EQ(recorded_vms(paths_).error().code(), ENOTDIR);
  EXPECT_TRUE(is_marked_started(paths_, "left")) << "it cannot be told";
}

// The mark must not fail for want of room, when the whole set runs.
TEST_F(VmRecordFile, MarkOfAStartIsMadeBefore) {
  EXPECT_FALSE(is_marked_started(paths_, "left"));
  ASSERT_TRUE(mark_starting(paths_, "left"));
  EXPECT_FALSE(is_marked_started(paths_, "left"));
  ASSERT_TRUE(mark_started(paths_, "left"));
  EXPECT_TRUE(is_marked_started(paths_, "left"));
  EXPECT_FALSE(std::filesystem::exists(paths_.vm("left") + "/starting"));
}

// A qvmd of an earlier or later release goes on with it.
TEST_F(VmRecordFile, KeepsItsText) {
  ASSERT_TRUE(write_record(paths_, record_));
  const auto text = read_file(paths_.vm_record("left"));
  EXPECT_EQ(text.value(),
            R"({"libvirt_uri":"test:///default","owned":true,"plan":)" +
                nlohmann::json::parse(plan::to_json(record_.plan)).dump() +
                R"(,"regions":[{"bytes":8192,"group":0,"huge_pages":"none","limits":{"bytes":0,)"
                R"("connections":0,"place":"","regions":0,"system":""},"lock":false,"mode":438,"name":"moo",)"
                R"("owner":0,"place":""}],"set":"a set","since":5,"version":2})");
  const auto read = read_record(paths_, "left");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == record_);
}

}  // namespace
}  // namespace qvm::daemon
