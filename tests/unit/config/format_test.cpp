// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/format/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

std::string formatted(const std::string& text) {
  SourceSet sources;
  DiagnosticSink sink;
  const auto result = format(sources.add("vm", text), sources, test::shipped_tables(), sink);
  EXPECT_TRUE(result.has_value()) << text;
  EXPECT_TRUE(sink.all().empty());
  if (!result) return "";
  SourceSet again;
  EXPECT_EQ(format(again.add("vm", *result), again, test::shipped_tables(), sink), result);
  return *result;
}

TEST(Format, PutsOptionsOfTheVmOnLinesOfTheirOwn) {
  EXPECT_EQ(
      formatted("  system   a ram 0,0xa0000 rom\n0xc0000,0x40000\tinitrd load x set exit-on-halt off dryrun"),
      "system a\nram 0,0xa0000\nrom 0xc0000,0x40000\ninitrd load x\nset exit-on-halt off\ndryrun\n");
}

TEST(Format, IndentsOptionsOfAContext) {
  EXPECT_EQ(
      formatted("vdev shmem intr i:3 loc 0x1000 create a,4K\n allow a* allow b*\nvdev pckeyboard"),
      "vdev shmem\n    intr i:3 loc 0x1000\n    create a,4K\n    allow a*\n    allow b*\nvdev pckeyboard\n");
}

TEST(Format, KeepsAShortContextOnOneLine) {
  EXPECT_EQ(
      formatted("vdev timer8254\n    intr i:0\nvdev 8259\n  loc 0x20\nvdev ser8250\n loc 0x3f8\n intr i:4"),
      "vdev timer8254 intr i:0\nvdev 8259 loc 0x20\nvdev ser8250 loc 0x3f8 intr i:4\n");
  EXPECT_EQ(formatted("cpu sched 10\n  runmask 0,1 cpu\ncpu sched 8"),
            "cpu sched 10 runmask 0,1\ncpu\ncpu sched 8\n");
}

TEST(Format, RepeatedOptionsStartALine) {
  EXPECT_EQ(formatted("reserve loc 0x1000,0x1000 loc 0x3000,0x1000 intr i:3"),
            "reserve\n    loc 0x1000,0x1000\n    loc 0x3000,0x1000 intr i:3\n");
}

TEST(Format, WrapsWhatIsTooLong) {
  std::string mask = "0";
  for (int i = 1; i < 40; ++i) mask += "," + std::to_string(i);
  EXPECT_EQ(formatted("cpu runmask " + mask + " sched 10"), "cpu\n    runmask " + mask + "\n    sched 10\n");
}

TEST(Format, OptionsOfTheVmDoNotCloseAContext) {
  EXPECT_EQ(formatted("cpu ram 32m sched 8"), "cpu\nram 32m\n    sched 8\n");
}

TEST(Format, KeepsWordsByteForByte) {
  const std::string words = "cmdline \"console=ttyS0 \\\n   root=/dev/ram0\n  quiet\\\"\"";
  EXPECT_EQ(formatted("ram $env{A}M   " + words), "ram $env{A}M\n" + words + "\n");
  EXPECT_EQ(formatted("vdev ser8250 hostdev >\"|tee  log\""), "vdev ser8250 hostdev >\"|tee  log\"\n");
  EXPECT_EQ(formatted("ra\\\nm   64M"), "ra\\\nm 64M\n");
}

TEST(Format, ABackslashAtTheEndOfAWordNeverJoinsLines) {
  EXPECT_EQ(formatted("load a\\ ram 64M"), "load a\\ \nram 64M\n");
  EXPECT_EQ(formatted("load a\\"), "load a\\ \n");
}

TEST(Format, KeepsCommentsWhereTheyStand) {
  EXPECT_EQ(formatted("# head\n\n\n\nsystem a   # name\n   # before ram\nram 64M #1\ncpu\n"),
            "# head\n\nsystem a  # name\n# before ram\nram 64M  #1\ncpu\n");
}

TEST(Format, ACommentInsideAnOptionCutsItInTwo) {
  EXPECT_EQ(formatted("vdev ser8250 intr # which line\n  # this one\ni:4 hostdev >-"),
            "vdev ser8250\n    intr  # which line\n        # this one\n        i:4\n    hostdev >-\n");
}

TEST(Format, CommentsOfAContextStayInIt) {
  EXPECT_EQ(formatted("vdev shmem\n  allow a\n  # allow b\n# about the next one\nvdev pckeyboard\n"),
            "vdev shmem allow a\n    # allow b\n# about the next one\nvdev pckeyboard\n");
  EXPECT_EQ(formatted("vdev shmem\n # first\n allow a\n"), "vdev shmem\n    # first\n    allow a\n");
}

TEST(Format, AlignsCommentsOfNeighbouringLines) {
  EXPECT_EQ(formatted("ram 64M # a\ncpu # b\n\ncpu # c\n"), "ram 64M  # a\ncpu      # b\n\ncpu  # c\n");
}

TEST(Format, KeepsALineWithAnUnknownWord) {
  EXPECT_EQ(formatted("ram   64M loq  foo cpu\ncpu   cpu\n"), "ram 64M loq foo cpu\ncpu\ncpu\n");
}

TEST(Format, KeepsALineThatASuppressionIsAbout) {
  EXPECT_EQ(formatted("vdev  ser8250 loc 3f8 hostdev >- # qvm-lint: ignore=A07 (x)\ncpu cpu\n"),
            "vdev ser8250 loc 3f8 hostdev >-  # qvm-lint: ignore=A07 (x)\ncpu\ncpu\n");
  EXPECT_EQ(formatted(" # qvm-lint: ignore=A07 (x)\n\n# more\nvdev  ser8250 loc 3f8 hostdev >-\n cpu cpu\n"),
            "# qvm-lint: ignore=A07 (x)\n\n# more\nvdev ser8250 loc 3f8 hostdev >-\ncpu\ncpu\n");
}

TEST(Format, SuppressionsStillReachWhatTheyReached) {
  const std::string text =
      "ram 64M vdev ser8250 # qvm-lint: ignore=A07 (x)\nloc 3f8 # qvm-lint: ignore=A07 (y)\nvdev ser8250 loc "
      "2f8\n";
  EXPECT_EQ(test::messages(test::load_text(formatted(text))),
            (std::vector<std::string>{"A25 rule 'A07' has nothing to say about line 1",
                                      "A07 address '2f8' without a prefix is hexadecimal"}));
}

TEST(Format, KeepsTheKindOfLineEnds) {
  EXPECT_EQ(formatted("ram 64M # a\r\n\r\n\r\ncpu"), "ram 64M  # a\r\n\r\ncpu\r\n");
  EXPECT_EQ(formatted("cmdline \"a\r\nb\"\ncpu\r\n"), "cmdline \"a\r\nb\"\ncpu\n");
}

TEST(Format, RemovesAByteOrderMarkAndBlanks) {
  EXPECT_EQ(formatted("\xef\xbb\xbf \n\n ram 64M \t\n\n\n"), "ram 64M\n");
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted(" \n\t\n"), "");
}

TEST(Format, KnowsIncludedFilesByTheirWords) {
  EXPECT_EQ(formatted("ram 64M @more.conf @text cpu"), "ram 64M\n@more.conf\n@text\ncpu\n");
}

TEST(Format, VariablesOfADeviceStandWithIt) {
  const auto& tables = test::shipped_tables();
  for (const std::string_view type : tables.vdev_names()) {
    for (const OptionSpec& variable : tables.vdev(type)->variables) {
      const std::string name(type);
      EXPECT_EQ(formatted("vdev " + name + " loc 0x1000 name x\nset " + variable.name + " on"),
                "vdev " + name + "\n    loc 0x1000\n    name x\n    set " + variable.name + " on\n");
    }
  }
}

class NotFormatted : public testing::TestWithParam<std::pair<std::string, const char*>> {};

TEST_P(NotFormatted, IsLeftAloneWithTheReason) {
  SourceSet sources;
  DiagnosticSink sink;
  EXPECT_FALSE(
      format(sources.add("vm", GetParam().first), sources, test::shipped_tables(), sink).has_value());
  ASSERT_EQ(sink.all().size(), 1U);
  EXPECT_EQ(sink.all()[0].message, GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, NotFormatted,
    testing::Values(std::pair(std::string("ram 64M\ncmdline \"open\n"), "quote is never closed"),
                    std::pair(std::string("ram 64M\n\0", 9), "not a text file"),
                    std::pair(std::string(20'000, 'a'), "word is longer than 16384 bytes"),
                    std::pair(std::string((1 << 20) + 1, ' '), "larger than 1048576 bytes")));

TEST(Format, DocumentedExampleIsInOrder) {
  std::ifstream file(QVM_SOURCE_DIR "/docs/linting.md");
  std::ostringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const std::size_t begin = text.find("# what it is for\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = text.substr(begin, text.find("```", begin) - begin);
  EXPECT_EQ(formatted(example), example);
}

TEST(Format, ExamplesAreInOrder) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(QVM_SOURCE_DIR "/guests/examples")) {
    if (entry.path().extension() != ".qvmconf") continue;
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(formatted(text.str()), text.str()) << entry.path();
    ++found;
  }
  EXPECT_GE(found, 3U);
}

// Time and memory grow with the text only.
TEST(Format, IsLinearUnderStress) {
  std::string comments;
  for (int i = 0; i < 200'000; ++i) comments += "#\n";
  EXPECT_EQ(formatted(comments), comments);
  std::string options = "cpu";
  for (int i = 0; i < 9'000; ++i) options += " sched 1";
  EXPECT_TRUE(formatted(options).starts_with("cpu\n    sched 1\n    sched 1\n"));
}

}  // namespace
}  // namespace qvm::config
