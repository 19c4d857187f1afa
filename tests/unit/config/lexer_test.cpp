// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::MarkedText;
using test::MemoryReader;
using testing::ElementsAre;
using testing::IsEmpty;

struct Lexed {
  SourceSet sources;
  DiagnosticSink sink;
  std::vector<Word> words;

  std::vector<std::string> texts() const {
    std::vector<std::string> result;
    for (const Word& word : words) result.push_back(word.text);
    return result;
  }
  std::vector<std::string> found() const {
    std::vector<std::string> result;
    for (const Diagnostic& one : sink.all()) result.push_back(one.rule + " " + one.message);
    return result;
  }
};

Lexed lex_text(std::string text) {
  Lexed result;
  MemoryReader reader;
  reader.variables["RAM"] = "ram 512M";
  reader.variables["SIZE"] = "64";
  reader.variables["HASH"] = "a # b";
  reader.variables["AGAIN"] = "$env{SIZE}";
  reader.variables["EMPTY"] = "";
  const SourceId source = result.sources.add("vm.qvmconf", std::move(text));
  result.words = lex(source, result.sources, reader, result.sink);
  return result;
}

// The marked ranges are exactly the words' places.
void expect_places(std::string_view marked) {
  const MarkedText input(marked);
  const Lexed lexed = lex_text(input.text);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
  for (const Word& word : lexed.words) places.emplace_back(word.where.begin, word.where.end);
  EXPECT_EQ(places, input.ranges) << marked;
}

TEST(Lexer, SeparatesWordsAtBlanksAndLineEnds) {
  EXPECT_THAT(lex_text("system left\r\nram\t1m,1023m\v\f cpu\n\n").texts(),
              ElementsAre("system", "left", "ram", "1m,1023m", "cpu"));
}

TEST(Lexer, KnowsEmptyTexts) {
  EXPECT_THAT(lex_text("").texts(), IsEmpty());
  EXPECT_THAT(lex_text(" \n\t# only a comment").texts(), IsEmpty());
}

TEST(Lexer, SkipsAByteOrderMark) {
  EXPECT_THAT(lex_text("\xEF\xBB\xBFsystem left").texts(), ElementsAre("system", "left"));
}

TEST(Lexer, CommentsStartAWordAndEndWithTheLine) {
  const Lexed lexed = lex_text("ram 1M # \"not a string $env{NOPE}\ncpu #\n#x\nload f");
  EXPECT_THAT(lexed.texts(), ElementsAre("ram", "1M", "cpu", "load", "f"));
  EXPECT_THAT(lexed.found(), IsEmpty());
}

TEST(Lexer, KeepsAHashInsideAWordAndTells) {
  const Lexed lexed = lex_text("ram 1M#x\ncmdline \"a#b # c\"");
  EXPECT_THAT(lexed.texts(), ElementsAre("ram", "1M#x", "cmdline", "a#b # c"));
  EXPECT_THAT(lexed.found(), ElementsAre("A21 '#' inside a word does not start a comment here"));
}

TEST(Lexer, QuotesMayStartInMidWord) {
  EXPECT_THAT(lex_text("hostdev >\"|/guests/tee /guests/log\"x y").texts(),
              ElementsAre("hostdev", ">|/guests/tee /guests/logx", "y"));
}

TEST(Lexer, AnEmptyStringIsAWord) {
  const Lexed lexed = lex_text("cmdline \"\" cpu");
  EXPECT_THAT(lexed.texts(), ElementsAre("cmdline", "", "cpu"));
  EXPECT_TRUE(lexed.words[1].quoted);
}

TEST(Lexer, SingleQuotesAreOrdinary) {
  EXPECT_THAT(lex_text("cmdline 'a b'").texts(), ElementsAre("cmdline", "'a", "b'"));
}

TEST(Lexer, ALineEndInAStringIsOneBlank) {
  EXPECT_THAT(lex_text("cmdline \"a=1  \r\n\n\t b=2 c  d\"").texts(), ElementsAre("cmdline", "a=1 b=2 c  d"));
  EXPECT_THAT(lex_text("cmdline \"\n  a\n\"").texts(), ElementsAre("cmdline", "a "));
}

TEST(Lexer, ABackslashBeforeTheLineEndJoins) {
  EXPECT_THAT(lex_text("cmdline \"a \\\n  b\\\nc\\\r\nd\"").texts(), ElementsAre("cmdline", "a   bcd"));
  EXPECT_THAT(lex_text("ram \\\n 64\\\nM").texts(), ElementsAre("ram", "64M"));
}

TEST(Lexer, OtherBackslashesAreOrdinary) {
  EXPECT_THAT(lex_text("a\\b \"c\\d\" \\e \\ \"\\\"").texts(),
              ElementsAre("a\\b", "c\\d", "\\e", "\\", "\""));
}

TEST(Lexer, AnEscapedQuoteDoesNotEndAString) {
  EXPECT_THAT(lex_text("cmdline \"init=\\\"x y\\\" z\"").texts(), ElementsAre("cmdline", "init=\"x y\" z"));
}

TEST(Lexer, AnOpenQuoteEndsWithItsLine) {
  const Lexed lexed = lex_text("cmdline \"console=ttyS0  \ncpu # \"\nload $env{NOPE}\n");
  EXPECT_THAT(lexed.texts(), ElementsAre("cmdline", "console=ttyS0 cpu # ", "load", "$env{NOPE}"));
  const Lexed open = lex_text("cmdline \"console=ttyS0  \ncpu\nload $env{NOPE}\n");
  EXPECT_THAT(open.texts(), ElementsAre("cmdline", "console=ttyS0", "cpu", "load", "$env{NOPE}"));
  EXPECT_THAT(open.found(),
              ElementsAre("A04 quote is never closed", "A12 environment variable 'NOPE' is not set"));
}

TEST(Lexer, SuspectsLongStrings) {
  std::string text = "cmdline \"a";
  for (int i = 0; i < 21; ++i) text += "\nb";
  const Lexed lexed = lex_text(text + "\" cpu");
  EXPECT_THAT(lexed.found(), ElementsAre("A04 string goes on for 22 lines"));
  EXPECT_EQ(lexed.words.size(), 3U);
}

TEST(Lexer, PointsAtTheStringThatMayHaveLostItsQuote) {
  const Lexed lexed = lex_text("cmdline \"a b\ncpu\ndump \"|gzip\"\n");
  ASSERT_EQ(lexed.sink.all().size(), 1U);
  EXPECT_EQ(lexed.sink.all()[0].rule, "A04");
  ASSERT_EQ(lexed.sink.all()[0].notes.size(), 1U);
  EXPECT_EQ(lexed.sources.describe(lexed.sink.all()[0].notes[0].where), "vm.qvmconf:1:9");
}

TEST(Lexer, SubstitutionComesBeforeWords) {
  EXPECT_THAT(lex_text("$env{RAM} cpu").texts(), ElementsAre("ram", "512M", "cpu"));
  EXPECT_THAT(lex_text("ram $env{SIZE}M,$env{SIZE}K").texts(), ElementsAre("ram", "64M,64K"));
  EXPECT_THAT(lex_text("cmdline \"x=$env{RAM} y\"").texts(), ElementsAre("cmdline", "x=ram 512M y"));
  EXPECT_THAT(lex_text("x $env{EMPTY} y$env{EMPTY}").texts(), ElementsAre("x", "y"));
}

TEST(Lexer, SubstitutedTextIsReadLikeAnyOther) {
  EXPECT_THAT(lex_text("x $env{HASH} y\nz").texts(), ElementsAre("x", "a", "z"));
}

TEST(Lexer, SubstitutedTextIsNotSubstitutedAgain) {
  const Lexed lexed = lex_text("x $env{AGAIN}");
  EXPECT_THAT(lexed.texts(), ElementsAre("x", "$env{SIZE}"));
  EXPECT_THAT(lexed.found(), IsEmpty());
}

TEST(Lexer, FailedSubstitutionsStayAndAreMarked) {
  const Lexed lexed =
      lex_text("ram $env{NOPE} load $asinfo_start{mem} $asinfo_length{/a/mem} $env{X cpu ${Y}");
  EXPECT_THAT(lexed.texts(), ElementsAre("ram", "$env{NOPE}", "load", "$asinfo_start{mem}",
                                         "$asinfo_length{/a/mem}", "$env{X", "cpu", "${Y}"));
  EXPECT_TRUE(lexed.words[1].unresolved);
  EXPECT_FALSE(lexed.words[0].unresolved);
  EXPECT_THAT(
      lexed.found(),
      ElementsAre(
          "A12 environment variable 'NOPE' is not set",
          "A12 '$asinfo_start{mem}' cannot be replaced: this host has no system page with an entry 'mem'",
          "A12 '$asinfo_length{/a/mem}' names a path; only the last part of an entry's name is allowed",
          "A12 '$env{X' has no closing '}'", "A11 '${Y}' is not replaced by anything"));
}

TEST(Lexer, ADollarAloneIsOrdinary) {
  EXPECT_THAT(lex_text("a$ $b $$ $").texts(), ElementsAre("a$", "$b", "$$", "$"));
}

TEST(Lexer, PlacesIncludeQuotesAndSubstitutions) {
  expect_places("[[system]] [[left]]\n  [[x\"a b\"c]] # [not]\n[[$env{SIZE}M]] [[\"p\nq\"]]");
}

TEST(Lexer, AllWordsOfASubstitutionAreAtItsPlace) {
  const Lexed lexed = lex_text(" $env{RAM} ");
  ASSERT_EQ(lexed.words.size(), 2U);
  EXPECT_EQ(lexed.words[0].where, (SourceRange{0, 1, 10}));
  EXPECT_EQ(lexed.words[1].where, (SourceRange{0, 1, 10}));
}

TEST(Lexer, PartsOfAWordHavePlaces) {
  const Lexed lexed = lex_text("ram 0x0,64M x\"1,2\"");
  const SourceRange part = lexed.words[1].part(4, 7);
  EXPECT_EQ(lexed.sources.text(0).substr(part.begin, part.end - part.begin), "64M");
  const SourceRange quoted = lexed.words[2].part(3, 4);
  EXPECT_EQ(lexed.sources.text(0).substr(quoted.begin, quoted.end - quoted.begin), "2");
}

TEST(Lexer, RefusesEndlessWords) {
  const Lexed lexed = lex_text("ram " + std::string(kMaximumWordBytes + 1, 'x') + " cpu");
  EXPECT_EQ(lexed.words.size(), 3U);
  EXPECT_THAT(lexed.found(), ElementsAre("A22 word is longer than 16384 bytes"));
}

TEST(Lexer, StopsAfterTooManyWords) {
  std::string text;
  for (std::size_t i = 0; i < kMaximumWords + 5; ++i) text += "x ";
  const Lexed lexed = lex_text(text);
  EXPECT_EQ(lexed.words.size(), kMaximumWords);
  EXPECT_THAT(lexed.found(), ElementsAre("A22 more than 20000 words; the rest is not read"));
}

// Every line opens a string anew: reading on after each would be quadratic.
TEST(Lexer, GivesUpAfterManyLostQuotes) {
  std::string text = "\"\n";
  for (int i = 0; i < 100'000; ++i) text += "\\\"\n";
  const Lexed lexed = lex_text(text);
  EXPECT_LE(lexed.sink.all().size(), 16U);
  EXPECT_GE(lexed.sink.all().size(), 1U);
}

TEST(LexSingle, TakesAWordAsItIs) {
  MemoryReader reader;
  reader.variables["A"] = "b c";
  DiagnosticSink sink;
  const Word word = lex_single("x \"#$env{A}", {0, 5, 16}, true, reader, sink);
  EXPECT_EQ(word.text, "x \"#b c");
  EXPECT_TRUE(word.on_command_line);
  EXPECT_EQ(word.where, (SourceRange{0, 5, 16}));
}

TEST(Lexer, ReportsTheFirstHashOfAWord) {
  EXPECT_THAT(lex_text("a#b#c d#e").found(),
              ElementsAre("A21 '#' inside a word does not start a comment here",
                          "A21 '#' inside a word does not start a comment here"));
}

TEST(Lexer, TellsALimitedNumberOfSubstitutionsThatCannotBeDone) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "${x}";
  const Lexed lexed = lex_text(text);
  ASSERT_EQ(lexed.sink.all().size(), 1001U);
  EXPECT_EQ(lexed.found().back(), "A22 more than 1000 substitutions cannot be done; the rest is not told");
  EXPECT_TRUE(lexed.sink.has_errors());
}

TEST(Lexer, ANameInASubstitutionEndsAtEveryBlank) {
  for (const char* text : {"$env{A\vB}", "$env{A\fB}", "$env{A B}"})
    EXPECT_EQ(lex_text(text).words.size(), 2U) << text;
}

}  // namespace
}  // namespace qvm::config
