// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "config/fix.h"
#include "config/load.h"
#include "config/text/text_diff.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/targets.h"
#include "tests/support/config_text.h"

namespace qvm::fuzz {
namespace {

config::LoadedSystem load_one_vm(config::Reader& reader) {
  config::VmInput input;
  input.words = {"@vm", "cpuu"};
  return config::load_vms({input}, test::shipped_tables(), reader);
}

// With every comment for the linter made an ordinary one, the errors are the same.
std::string check_suppressions(const std::string& text, const config::LoadedSystem& system) {
  static constexpr std::string_view kMark = "qvm-lint:";
  // Between quotes or behind a joined line end a '#' starts no comment.
  if (text.find_first_of("\"\\") != std::string::npos) return {};
  std::string without = text;
  for (std::size_t at = without.find(kMark); at != std::string::npos; at = without.find(kMark, at)) {
    // In a word it would change what the word is; behind a '#' and blanks it is nearly always a comment.
    const std::size_t before = at == 0 ? std::string::npos : without.find_last_not_of(" \t", at - 1);
    const bool in_comment =
        before != std::string::npos && without[before] == '#' &&
        (before == 0 || std::string_view(" \t\n").find(without[before - 1]) != std::string::npos);
    if (in_comment) without[at] = 'Q';
    ++at;
  }
  if (without == text) return {};
  test::MemoryReader reader;
  reader.files["vm"] = without;
  const config::LoadedSystem plain = load_one_vm(reader);
  return plain.diagnostics.count(config::Severity::error) == system.diagnostics.count(config::Severity::error)
             ? ""
             : "a comment changes the errors";
}

}  // namespace

std::string check_fix_input(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  test::MemoryReader reader;
  reader.files["vm"] = text;
  config::FixSession session(reader);
  const config::LoadedSystem fixed = session.fix(load_one_vm);
  if (std::string problem = check_findings(fixed); !problem.empty()) return problem;
  const auto files = session.files();
  if (files.size() > 1) return "more files are fixed than there are";
  if (!files.empty() && files.front().before != text) return "the text before is not the input";
  if (!files.empty() && config::unified_diff("vm", text, files.front().after).empty()) return "no difference";
  if (session.applied() > 0 && fixed.diagnostics.all().empty())
    return "the command line's suggestion is gone";
  // What is left for the next time is what a bounded number of rounds could not do.
  if (!files.empty()) reader.files["vm"] = files.front().after;
  config::FixSession again(reader);
  again.fix(load_one_vm);
  if (again.applied() > 0 && session.left() < 2) return "something was left that could be fixed";
  reader.files["vm"] = text;
  return check_suppressions(text, load_one_vm(reader));
}

}  // namespace qvm::fuzz
