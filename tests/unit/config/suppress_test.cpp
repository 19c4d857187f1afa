// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/suppress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/language/lexer.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using test::messages;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kA07 = "A07 address '3f8' without a prefix is hexadecimal";

std::vector<std::string> findings(const std::string& text) {
  return messages(load_text("ram 64M\n" + text));
}

TEST(Suppression, IsReadFromAComment) {
  const auto read = parse_suppression("# qvm-lint: ignore=A07,B03  ( why not (really)? ) ");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->well_formed);
  EXPECT_FALSE(read->whole_file);
  ASSERT_EQ(read->rules.size(), 2U);
  EXPECT_EQ(read->rules[1].id, "B03");
  EXPECT_EQ(read->rules[1].offset, 23U);
  EXPECT_EQ(read->reason, "why not (really)?");
}

TEST(Suppression, CanBeWrittenTightly) {
  const auto read = parse_suppression("#qvm-lint:ignore-file=A07(why)");
  ASSERT_TRUE(read && read->well_formed);
  EXPECT_TRUE(read->whole_file);
  EXPECT_EQ(read->rules[0].id, "A07");
  EXPECT_EQ(read->reason, "why");
}

TEST(Suppression, IgnoresOtherComments) {
  for (const char* text :
       {"#", "# qvm-lint", "# see qvm-lint: ignore=A07 (x)", "## qvm-lint: ignore=A07 (x)"})
    EXPECT_FALSE(parse_suppression(text).has_value()) << text;
}

TEST(Suppression, KnowsWhatIsMalformed) {
  for (const char* text :
       {"# qvm-lint:", "# qvm-lint: ignore", "# qvm-lint: ignore A07 (x)", "# qvm-lint: ignore= (x)",
        "# qvm-lint: ignore=A07,,B03 (x)", "# qvm-lint: ignore=A07, (x)", "# qvm-lint: disable=A07 (x)"}) {
    const auto read = parse_suppression(text);
    EXPECT_TRUE(read && !read->well_formed) << text;
  }
}

TEST(Suppression, NeedsAReasonInParentheses) {
  for (const char* text :
       {"# qvm-lint: ignore=A07", "# qvm-lint: ignore=A07 ()", "# qvm-lint: ignore=A07 ( )",
        "# qvm-lint: ignore=A07 because", "# qvm-lint: ignore=A07 (open", "# qvm-lint: ignore=A07 (",
        "# qvm-lint: ignore=A07 )"}) {
    const auto read = parse_suppression(text);
    EXPECT_TRUE(read && read->well_formed && read->reason.empty()) << text;
  }
}

TEST(Suppressions, HideWarningsOfTheirLine) {
  EXPECT_THAT(findings("vdev ser8250 loc 3f8 # qvm-lint: ignore=A07 (so it is)\n"), IsEmpty());
}

TEST(Suppressions, HideWarningsOfTheNextLineWithWords) {
  EXPECT_THAT(findings("  # qvm-lint: ignore=A07 (so it is)\n\n # more\n\tvdev ser8250 loc 3f8\n"),
              IsEmpty());
  EXPECT_THAT(findings("# qvm-lint: ignore=A07 (so it is)\r\n\r\nvdev ser8250 loc 3f8\r\n"),
              ElementsAre("A15 line ends as on Windows"));
}

TEST(Suppressions, ReachNoFurther) {
  EXPECT_THAT(findings("# qvm-lint: ignore=A07 (x)\nvdev ser8250\nloc 3f8\n"),
              ElementsAre("A25 rule 'A07' has nothing to say about line 3", kA07));
  EXPECT_THAT(findings("vdev ser8250 # qvm-lint: ignore=A07 (x)\nloc 3f8\n"),
              ElementsAre("A25 rule 'A07' has nothing to say about line 2", kA07));
}

TEST(Suppressions, HideAWholeFilesFindings) {
  EXPECT_THAT(findings("vdev ser8250 loc 3f8\nvdev ser8250 loc 2f8\n# qvm-lint: ignore-file=A07 (x)\n"),
              IsEmpty());
}

TEST(Suppressions, HideOnlyTheRulesTheyName) {
  EXPECT_THAT(findings("vdev ser8250 loc 3f8 # qvm-lint: ignore=A08 (x)\n"),
              ElementsAre(kA07, "A25 rule 'A08' has nothing to say about line 2"));
}

TEST(Suppressions, CountOnTheLinesWhereAFindingStartsAndEnds) {
  SourceSet sources;
  const std::string text = "one # qvm-lint: ignore=A07 (x)\ntwo\nthree # qvm-lint: ignore=A07 (x)\nfour\n";
  const SourceId source = sources.add("vm", text);
  std::vector<SourceRange> comments;
  for (std::size_t at = text.find('#'); at != std::string::npos; at = text.find('#', at + 1)) {
    const auto begin = static_cast<std::uint32_t>(at);
    comments.push_back({source, begin, static_cast<std::uint32_t>(text.find('\n', at))});
  }
  const auto at = [&](std::string_view first, std::string_view last) {
    Diagnostic finding;
    finding.severity = Severity::warning;
    finding.rule = "A07";
    finding.where = {source, static_cast<std::uint32_t>(text.find(first)),
                     static_cast<std::uint32_t>(text.find(last) + last.size())};
    finding.message = std::string(first) + " to " + std::string(last);
    return finding;
  };
  DiagnosticSink sink;
  sink.add(at("one", "two"));
  sink.add(at("two", "three"));
  sink.add(at("two", "four"));
  apply_suppressions(comments, sources, sink);
  ASSERT_EQ(sink.all().size(), 1U);
  EXPECT_EQ(sink.all()[0].message, "two to four");
}

TEST(Suppressions, LeaveErrorsAndSaySo) {
  const LoadedSystem system = load_text("ram 64M\nloq # qvm-lint: ignore=A01 (x)\n");
  EXPECT_THAT(messages(system),
              ElementsAre("A01 unknown option 'loq'", "A25 an error of rule 'A01' cannot be suppressed"));
  EXPECT_TRUE(system.diagnostics.has_errors());
  EXPECT_EQ(system.diagnostics.all()[1].notes.size(), 1U);
}

TEST(Suppressions, CannotHideWhatIsSaidAboutThem) {
  EXPECT_THAT(findings("cpu # qvm-lint: ignore=A25,A07 (x)\n"),
              ElementsAre("A25 rule 'A25' has nothing to say about line 2",
                          "A25 rule 'A07' has nothing to say about line 2"));
}

TEST(Suppressions, SuggestARule) {
  const LoadedSystem system = load_text("ram 64M\ncpu # qvm-lint: ignore=e10a (x)\n");
  ASSERT_EQ(system.diagnostics.all().size(), 1U);
  EXPECT_EQ(system.diagnostics.all()[0].help, "did you mean 'E10a'?");
}

TEST(Suppressions, InStringsAreNone) {
  EXPECT_THAT(findings("cmdline \"# qvm-lint: ignore=A07\n# qvm-lint: ignore=A07\"\n"), IsEmpty());
}

TEST(Suppressions, OfAFileThatTwoVmsReadAreJudgedOnce) {
  test::MemoryReader reader;
  reader.files["one"] = "system one\nram 64M\n";
  reader.files["two"] = "system two\nram 64M\n";
  reader.files["common"] =
      "vdev ser8250 loc 3f8 # qvm-lint: ignore=A07,A08 (x)\ncpu # qvm-lint: ignore=A08\n";
  std::vector<VmInput> inputs(2);
  inputs[0].words = {"@one", "@common"};
  inputs[1].words = {"@two", "@common"};
  EXPECT_THAT(messages(load_vms(inputs, test::shipped_tables(), reader)),
              ElementsAre("A25 rule 'A08' has nothing to say about line 1",
                          "A25 a suppression without a reason has no effect"));
}

TEST(Suppressions, AreLimited) {
  std::string text = "ram 64M\n";
  for (int i = 0; i < 3000; ++i) text += "# qvm-lint: ignore=Z1,Z2,Z3 (x)\n";
  const LoadedSystem system = load_text(text);
  EXPECT_LT(system.diagnostics.all().size(), 4000U);
  EXPECT_EQ(messages(system).back(), "A25 more than 1000 suppressions; this one and the rest are not read");
}

TEST(Suppressions, DoNotChangeWhatIsLoaded) {
  const LoadedSystem system = load_text("ram 64M\nvdev ser8250 loc 3f8 # qvm-lint: ignore=A07 (x)\n");
  ASSERT_EQ(system.vms[0].vdevs.size(), 1U);
  EXPECT_EQ(system.vms[0].vdevs[0].location->value.address, 0x3f8U);
}

TEST(LexedComments, AreFoundWhereTheyStand) {
  const test::MarkedText input(
      "[[# one]]\nram 64M [[# two]]\r\n\"# no\" x#no \\\n[[#three]]\n$env{HASH}\n[[#]]");
  SourceSet sources;
  DiagnosticSink sink;
  test::MemoryReader reader;
  reader.variables["HASH"] = "# not the file's";
  const SourceId source = sources.add("vm", input.text);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
  for (const SourceRange& comment : lex_text(source, sources, reader, sink).comments)
    places.emplace_back(comment.begin, comment.end);
  EXPECT_EQ(places, input.ranges);
}

TEST(LexedComments, AreNotFoundTwiceAfterALostQuote) {
  SourceSet sources;
  DiagnosticSink sink;
  test::MemoryReader reader;
  const SourceId source = sources.add("vm", "a \"b\nc # one\nd # two\n");
  EXPECT_EQ(lex_text(source, sources, reader, sink).comments.size(), 2U);
}

}  // namespace
}  // namespace qvm::config
