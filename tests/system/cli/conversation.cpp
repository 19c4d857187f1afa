// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/system/cli/conversation.h"

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {

using testing::Contains;
using testing::MatchesRegex;

void expect_conversation(const std::string& out, const std::string& prefix, const std::string& own,
                         const std::string& peer) {
  const std::vector<std::string> lines = lines_with(out, prefix);
  EXPECT_THAT(lines, Contains(MatchesRegex("\\* running \\(pid [0-9]+\\)"))) << out;
  EXPECT_THAT(lines, Contains(MatchesRegex("attached to 'moo' as client [0-9] \\(16 pages\\); attached now: "
                                           "[0-9 ]+")))
      << out;
  EXPECT_THAT(lines, Contains("greeting everybody: poking all but me")) << out;
  EXPECT_THAT(lines, Contains(MatchesRegex("client [0-9] \\(" + peer + "\\) says: hello, I am " + peer)))
      << out;
  // Who signals whom: its peer alone, whom it knows by name.
  EXPECT_THAT(lines, Contains(MatchesRegex("whispering to client [0-9] \\(" + peer + "\\): poking only it")))
      << out;
  EXPECT_THAT(lines, Contains(MatchesRegex("client [0-9] \\(" + peer +
                                           "\\) whispers: only you are poked for "
                                           "this, " +
                                           own)))
      << out;
  // What the status says: senders, and who is attached.
  EXPECT_THAT(lines, Contains(MatchesRegex("signalled by: [0-9 ]+; attached now: [0-9 ]+"))) << out;
  EXPECT_THAT(lines, Contains("heard everybody, detached from 'moo'")) << out;
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "* powered off") << out;
}

}  // namespace qvm::test
