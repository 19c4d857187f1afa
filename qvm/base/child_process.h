// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Programs that are run: as a child, or in the background as nobody's child.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm {

struct Program {
  std::string path{};
  std::vector<std::string> words{};  // the first is its name
  // Which descriptors of ours it gets under which numbers, beside those that are not close-on-exec.
  std::vector<std::pair<int, int>> descriptors{};
  bool nothing_else = false;                              // none above the highest of those numbers
  std::optional<std::vector<std::string>> environment{};  // "NAME=VALUE"; absent: ours
  // Which signals are blocked and ignored: as here; none blocked; or none blocked nor ignored.
  enum class Signals { ours, unblocked, untouched } signals = Signals::ours;
  enum class Group { ours, own_group, own_session } group = Group::ours;
};

// Starts it; its end is the caller's to wait for. From any thread.
Result<pid_t> start_child(const Program& program);

// Waits for the end of a child: its status, as waitpid() tells it.
int wait_for_child(pid_t child);

// Which of its descriptors a background program closes when it is ready. Words of it are why it is not.
inline constexpr int kReadyFd = 3;

// Starts program in a session of its own, as nobody's child: without input, with log as its outputs, in "/",
// with no signal blocked or ignored and nothing else of ours open. Returns the end of a pipe of which it has
// the other as kReadyFd; if it cannot be run, that says why. From any thread, also of a program that has
// others. words: as above.
Result<UniqueFd> start_in_background(const std::vector<std::string>& words, int log);

}  // namespace qvm
