// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/console_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace qvm::cli {
namespace {

using testing::ElementsAre;

class PrefixedLinesTest : public testing::Test {
 protected:
  PrefixedLines lines{"vm | ", [this](std::string_view line) { printed.emplace_back(line); }};
  std::vector<std::string> printed;
};

TEST_F(PrefixedLinesTest, PrintsWholeLinesOnly) {
  lines.append("one\ntw");
  EXPECT_THAT(printed, ElementsAre("vm | one\n"));
  lines.append("o\n\nthree");
  EXPECT_THAT(printed, ElementsAre("vm | one\n", "vm | two\n", "vm | \n"));
  lines.finish();
  EXPECT_EQ(printed.back(), "vm | three\n");
}

TEST_F(PrefixedLinesTest, FinishesOnce) {
  lines.append("end");
  lines.finish();
  lines.finish();
  EXPECT_THAT(printed, ElementsAre("vm | end\n"));
}

TEST_F(PrefixedLinesTest, TakesTheCarriageReturnOfASerialLineAway) {
  lines.append("one\r");
  lines.append("\ntwo\r\n");
  EXPECT_THAT(printed, ElementsAre("vm | one\n", "vm | two\n"));
}

TEST_F(PrefixedLinesTest, CutsALineThatNeverEnds) {
  for (int i = 0; i < 100; ++i) lines.append(std::string(1000, 'x'));
  EXPECT_GE(printed.size(), 10U);
  std::size_t bytes = 0;
  for (const std::string& line : printed) bytes += line.size();
  EXPECT_LE(bytes, 100U * 1000U + printed.size() * 6);
}

class ConsoleLogTest : public testing::Test {
 protected:
  ConsoleLogTest() : loop(std::move(EventLoop::create()).value()), path(directory.path() + "/console.log") {}

  void write(const std::string& text) const { std::ofstream(path, std::ios::app) << text; }
  // Until the sink has had so much.
  void run_until(std::size_t bytes) {
    wanted = bytes;
    const auto timeout = loop->after(std::chrono::seconds(10), [this] { loop->stop(); });
    const bool ran = seen.size() >= wanted || loop->run().has_value();
    EXPECT_TRUE(ran);
    loop->cancel(timeout);
  }
  ConsoleLog::Sink sink() {
    return [this](std::string_view bytes) {
      seen.append(bytes);
      if (seen.size() >= wanted) loop->stop();
    };
  }

  test::TemporaryDirectory directory;
  std::unique_ptr<EventLoop> loop;
  std::string path;
  std::string seen;
  std::size_t wanted = SIZE_MAX;
};

TEST_F(ConsoleLogTest, IsNotThereYet) {
  ConsoleLog log(*loop, path, sink());
  EXPECT_FALSE(log.open());
  write("late\n");
  EXPECT_TRUE(log.open());
  EXPECT_EQ(seen, "late\n");
}

TEST_F(ConsoleLogTest, GivesWhatIsThereAndWhatComes) {
  write("one\n");
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open());
  EXPECT_EQ(seen, "one\n");
  write("two\n");
  run_until(8);
  EXPECT_EQ(seen, "one\ntwo\n");
  write("three\n");
  run_until(14);
  EXPECT_EQ(seen, "one\ntwo\nthree\n");
}

TEST_F(ConsoleLogTest, GoesOnWithTheFileThatTakesItsPlace) {
  write("one\n");
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open());
  log.follow_successors();
  for (const char* text : {"two\n", "six\n"}) {
    ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
    loop->after(std::chrono::milliseconds(120), [&] { write(text); });
    run_until(seen.size() + 4);
  }
  EXPECT_EQ(seen, "one\ntwo\nsix\n");
}

TEST_F(ConsoleLogTest, SkipsWhatWasTakenAwayAtTheBeginning) {
  write(std::string(8192, 'x') + "the end\n");
  const UniqueFd file(::open(path.c_str(), O_RDWR));
  ASSERT_EQ(::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192), 0);
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open());
  EXPECT_EQ(seen, "the end\n");
}

TEST_F(ConsoleLogTest, GivesNothingTwice) {
  write("one\n");
  ConsoleLog log(*loop, path, sink());
  EXPECT_TRUE(log.open());
  EXPECT_TRUE(log.open());
  log.read();
  EXPECT_EQ(seen, "one\n");
}

TEST_F(ConsoleLogTest, StartsWithTheLastLines) {
  for (int i = 1; i <= 100; ++i) write("line " + std::to_string(i) + "\n");
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open(ConsoleLog::From::last_lines));
  EXPECT_TRUE(seen.starts_with("line 81\n")) << seen;
  EXPECT_TRUE(seen.ends_with("line 100\n"));
}

TEST_F(ConsoleLogTest, StartsWithAllOfAShortOne) {
  write("line 1\nline 2\nunfinished");
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open(ConsoleLog::From::last_lines));
  EXPECT_EQ(seen, "line 1\nline 2\nunfinished");
}

TEST_F(ConsoleLogTest, StartsInAnEmptyOne) {
  write("");
  ConsoleLog log(*loop, path, sink());
  ASSERT_TRUE(log.open(ConsoleLog::From::last_lines));
  EXPECT_EQ(seen, "");
}

}  // namespace
}  // namespace qvm::cli
