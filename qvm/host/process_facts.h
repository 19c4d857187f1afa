// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the kernel tells of a process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace qvm::host {

struct ProcessFacts {
  std::string command;  // as in /proc/PID/comm: 15 bytes at most
  char state = '?';     // 'Z': dead, and not yet waited for
  pid_t parent = 0;
  pid_t session = 0;
};

// nullopt if there is no such process.
std::optional<ProcessFacts> facts_of(pid_t pid);

// Whether it is a child of ours that somebody, libvirt as a rule, has put into the background: its first
// parent was the leader of its session, and has gone. Nobody waits for those; for leaders and for processes
// of our own session somebody may.
bool is_background_child(pid_t pid, const ProcessFacts& facts);

}  // namespace qvm::host
