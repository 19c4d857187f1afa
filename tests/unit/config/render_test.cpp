// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::config {
namespace {

Diagnostic at(std::uint32_t begin, std::uint32_t end) {
  Diagnostic diagnostic;
  diagnostic.rule = "A01";
  diagnostic.message = "text";
  diagnostic.where = {0, begin, end};
  return diagnostic;
}

std::string rendered(const std::string& text, const Diagnostic& diagnostic) {
  SourceSet sources;
  sources.add("vm", text);
  return render_text(diagnostic, sources, Colors::off);
}

TEST(Render, ShowsPlaceMessageRuleLineAndRange) {
  Diagnostic diagnostic = at(12, 15);
  diagnostic.help = "do it";
  diagnostic.notes.push_back({{0, 0, 6}, "see"});
  EXPECT_EQ(rendered("system left\nloq 1\n", diagnostic),
            "vm:2:1: error: text [A01]\n"
            "    2 | loq 1\n"
            "      | ^~~\n"
            "vm:1:1: note: see\n"
            "    1 | system left\n"
            "      | ^~~~~~\n"
            "help: do it\n");
}

TEST(Render, NeedsNoPlace) {
  Diagnostic diagnostic = at(0, 0);
  diagnostic.where = {};
  diagnostic.severity = Severity::warning;
  EXPECT_EQ(rendered("", diagnostic), "warning: text [A01]\n");
}

TEST(Render, KeepsTabsAndCountsCharacters) {
  EXPECT_EQ(rendered("\tm\xC3\xBCh x", at(6, 7)),
            "vm:1:7: error: text [A01]\n    1 | \tm\xC3\xBCh x\n      | \t    ^\n");
  EXPECT_EQ(rendered("m\xC3\xBCh x", at(0, 4)),
            "vm:1:1: error: text [A01]\n    1 | m\xC3\xBCh x\n      | ^~~\n");
}

TEST(Render, MarksTheEndOfALine) {
  EXPECT_EQ(rendered("ab\ncd", at(2, 2)), "vm:1:3: error: text [A01]\n    1 | ab\n      |   ^\n");
  EXPECT_EQ(rendered("", at(0, 0)), "vm:1:1: error: text [A01]\n    1 | \n      | ^\n");
}

TEST(Render, ShowsTheFirstLineOfALongRange) {
  EXPECT_EQ(rendered("a bc\r\ndef", at(2, 9)), "vm:1:3: error: text [A01]\n    1 | a bc\n      |   ^~\n");
}

TEST(Render, CutsLongLinesAroundTheRange) {
  const std::string text = rendered(std::string(500, 'a') + "XYZ" + std::string(500, 'b'), at(500, 503));
  EXPECT_THAT(text,
              testing::HasSubstr("..." + std::string(60, 'a') + "XYZ" + std::string(97, 'b') + "...\n"));
  EXPECT_THAT(text, testing::HasSubstr("      |    " + std::string(60, ' ') + "^~~\n"));
}

TEST(Render, ShowsNoControlCharacters) {
  Diagnostic diagnostic = at(0, 1);
  diagnostic.message = "unknown '\x1b[31m'";
  EXPECT_EQ(rendered("\x1b[31m\x7f", diagnostic),
            "vm:1:1: error: unknown '?[31m' [A01]\n    1 | ?[31m?\n      | ^\n");
}

TEST(Render, ColorsOnlyWhenAsked) {
  SourceSet sources;
  sources.add("vm", "a");
  EXPECT_THAT(render_text(at(0, 1), sources, Colors::on), testing::HasSubstr("\x1b[1;31merror"));
}

TEST(Render, Summarises) {
  DiagnosticSink sink;
  EXPECT_EQ(summary(sink), "");
  Diagnostic warning = at(0, 0);
  warning.severity = Severity::warning;
  sink.add(warning);
  EXPECT_EQ(summary(sink), "1 warning");
  sink.add(at(0, 0));
  sink.add(at(0, 0));
  EXPECT_EQ(summary(sink), "2 errors and 1 warning");
}

TEST(Render, WritesJson) {
  SourceSet sources;
  sources.add("vm", "a\nloq\xff");
  DiagnosticSink sink;
  Diagnostic diagnostic = at(2, 5);
  diagnostic.message = "unknown 'loq\xff'";
  diagnostic.fix = Fix{diagnostic.where, "loc"};
  sink.add(diagnostic);
  EXPECT_EQ(render_json(sink, sources), R"({
  "version": 1,
  "errors": 1,
  "warnings": 0,
  "diagnostics": [
    {
      "severity": "error",
      "rule": "A01",
      "message": "unknown 'loq�'",
      "where": {
        "path": "vm",
        "begin": {
          "line": 2,
          "column": 1,
          "offset": 2
        },
        "end": {
          "line": 2,
          "column": 4,
          "offset": 5
        }
      },
      "fix": {
        "where": {
          "path": "vm",
          "begin": {
            "line": 2,
            "column": 1,
            "offset": 2
          },
          "end": {
            "line": 2,
            "column": 4,
            "offset": 5
          }
        },
        "replacement": "loc"
      }
    }
  ]
}
)");
}

TEST(Sources, KnowLinesAndColumns) {
  SourceSet sources;
  const SourceId id = sources.add("vm", "ab\r\ncd\n");
  EXPECT_EQ(sources.position(id, 5).line, 2U);
  EXPECT_EQ(sources.position(id, 5).column, 2U);
  EXPECT_EQ(sources.position(id, 7).line, 3U);
  EXPECT_EQ(sources.line(id, 1), "ab");
  EXPECT_EQ(sources.line(id, 3), "");
  EXPECT_EQ(sources.describe({id, 4, 6}), "vm:2:1");
  EXPECT_EQ(sources.describe({}), "");
}

TEST(Diagnostics, AreSortedByPlaceThenRule) {
  DiagnosticSink sink;
  Diagnostic later = at(5, 6);
  Diagnostic other = at(0, 1);
  other.rule = "A00";
  sink.add(later);
  sink.add(at(0, 1));
  sink.add(other);
  sink.sort();
  EXPECT_EQ(sink.all()[0].rule, "A00");
  EXPECT_EQ(sink.all()[2].where.begin, 5U);
}

}  // namespace
}  // namespace qvm::config
