// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/process_facts.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace qvm::host {

std::optional<ProcessFacts> facts_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The command may contain anything, parentheses too: it ends at the last one.
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close <= open) return std::nullopt;
  ProcessFacts facts;
  facts.command = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  pid_t group = 0;
  if (!(rest >> facts.state >> facts.parent >> group >> facts.session)) return std::nullopt;
  return facts;
}

bool is_background_child(pid_t pid, const ProcessFacts& facts) {
  return facts.parent == ::getpid() && facts.session != ::getsid(0) && facts.session != pid;
}

}  // namespace qvm::host
