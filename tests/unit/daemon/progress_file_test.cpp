// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/whole_text.h"
#include "qvm/daemon/files/records.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "qvm/daemon/files/clock.h"
#include "qvm/daemon/files/file_access.h"
#include "tests/support/temporary_directory.h"

namespace qvm::daemon {
namespace {

using lifecycle::Outcome;
using lifecycle::Progress;
using lifecycle::Ticks;
using lifecycle::Time;

class ProgressFile : public testing::Test {
 protected:
  ProgressFile() { std::filesystem::create_directories(paths_.vm("left")); }

  test::TemporaryDirectory directory_;
  const RuntimePaths paths_{directory_.path()};
};

// A qvmd of an earlier or later release goes on with it.
TEST_F(ProgressFile, KeepsItsText) {
  const Progress written{.phase = Progress::Phase::stopping,
                         .since = {Ticks(10), 1},
                         .due = {Ticks(-20), 2},
                         .in_a_row = 3,
                         .restarts = 4,
                         .stop_wanted = true,
                         .stop_timeout = Ticks(5),
                         .outcome = Outcome::watchdog,
                         .reason = "why"};
  ASSERT_TRUE(write_progress(paths_, "left", {}));
  ASSERT_TRUE(write_progress(paths_, "left", written));
  EXPECT_EQ(read_file(paths_.vm("left") + "/progress.json").value(),
            R"({"due_boot_ms":-20,"due_ms":2,"in_a_row":3,"outcome":"watchdog","phase":"stopping",)"
            R"("reason":"why","restarts":4,"since_boot_ms":10,"since_ms":1,"stop_timeout_ms":5,)"
            R"("stop_wanted":true,"version":1})");
  const auto read = read_progress(paths_, "left");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == written);
}

TEST_F(ProgressFile, OfALaterReleaseIsNoDamage) {
  ASSERT_TRUE(write_progress(paths_, "left", {}));
  std::string text = read_file(paths_.vm("left") + "/progress.json").value();
  text.replace(text.find("\"version\":1"), 11, "\"version\":9");
  std::ofstream(paths_.vm("left") + "/progress.json") << text;
  const auto read = read_progress(paths_, "left");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), testing::EndsWith("has format 9, this one writes 1)"));
}

// Before qvm 0.2 only the wall clock was written.
TEST_F(ProgressFile, IsReadAsAnEarlierReleaseWroteIt) {
  const Time present = now();
  std::ofstream(paths_.vm("left") + "/progress.json")
      << R"({"phase":"restarting","in_a_row":1,"restarts":1,"stop_timeout_ms":0,"outcome":"died","reason":"",)"
      << R"("since_ms":0,"due_ms":)" << present.wall_ms + 60'000 << "}";
  const auto read = read_progress(paths_, "left");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(read->stop_wanted);
  EXPECT_NEAR(static_cast<double>((read->due.ticks - present.ticks).count()), 60'000, 5'000);
}

TEST_F(ProgressFile, WhatIsNotThereIsToldFromWhatIsDamaged) {
  EXPECT_EQ(read_progress(paths_, "left").error().code(), ENOENT);
  for (const char* text :
       {"", "{", "[]", "{\"phase\":\"running\"}", "{\"phase\":\"flying\"}", "{\"phase\":7}"}) {
    std::ofstream(paths_.vm("left") + "/progress.json") << text;
    const auto read = read_progress(paths_, "left");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), 0);
    EXPECT_NE(read.error().message().find("is damaged"), std::string::npos);
  }
}

TEST_F(ProgressFile, CannotBeWrittenForAVmThatIsNotThere) {
  EXPECT_FALSE(write_progress(paths_, "nobody", {}));
}

}  // namespace
}  // namespace qvm::daemon
