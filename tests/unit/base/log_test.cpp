// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

class LogTest : public testing::Test {
 protected:
  std::string written() const {
    std::array<char, 4096> text{};
    const ssize_t got = ::pread(file_.get(), text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(got)};
  }
  int fd() const { return file_.get(); }

 private:
  UniqueFd file_{::memfd_create("log", MFD_CLOEXEC)};
};

TEST_F(LogTest, TextHasTimeDaemonAndText) {
  Log log("qvmd", LogFormat::text, fd());
  log.write("message", "a\nb\x7f ärm\xff", {{"vm", "left"}});
  EXPECT_THAT(written(),
              MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]+Z qvmd\\[[0-9]+\\]: a\\?b\\? ärm\xef\xbf\xbd\n"));
}

TEST_F(LogTest, JsonHasFieldsInOrderAndLeavesEmptyOnesOut) {
  Log log("qvm-regiond", LogFormat::json, fd());
  log.write("attach", "it's \"moo\\\" für \xff",
            {{"vm", "left"}, {"place", ""}, {"status", 5}, {"created", false}});
  EXPECT_THAT(written(), MatchesRegex("\\{\"time\":\"[0-9TZ:.-]+\",\"monotonic\":[0-9]+\\.[0-9]+,\"daemon\":"
                                      "\"qvm-regiond\",\"daemon_pid\":[0-9]+,.*\n"));
  EXPECT_THAT(
      written(),
      EndsWith(R"("event":"attach","vm":"left","status":5,"created":false,"text":"it's \"moo\\\" für )"
               "\xef\xbf\xbd\"}\n"));
}

TEST_F(LogTest, BufferedLinesWaitForTheFlush) {
  Log log("qvmd", LogFormat::text, fd());
  log.buffer();
  log.write("message", "one");
  log.write("message", "two");
  EXPECT_EQ(written(), "");
  log.flush();
  EXPECT_THAT(written(), HasSubstr("one\n"));
  EXPECT_THAT(written(), EndsWith("two\n"));
}

TEST_F(LogTest, ABufferThatIsFullIsWritten) {
  Log log("qvmd", LogFormat::text, fd());
  log.buffer();
  log.write("message", std::string(Log::kBuffer, 'x'));
  EXPECT_FALSE(written().empty());
}

TEST(LogFormatOf, TheEnvironment) {
  bool valid = false;
  ::setenv("QVM_LOG_FORMAT", "json", 1);
  EXPECT_EQ(log_format_from_environment(valid), LogFormat::json);
  EXPECT_TRUE(valid);
  ::setenv("QVM_LOG_FORMAT", "xml", 1);
  EXPECT_EQ(log_format_from_environment(valid), LogFormat::text);
  EXPECT_FALSE(valid);
  ::unsetenv("QVM_LOG_FORMAT");
  EXPECT_EQ(log_format_from_environment(valid), LogFormat::text);
  EXPECT_TRUE(valid);
}

}  // namespace
}  // namespace qvm
