// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A program that a test starts, watches, signals and waits for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm::test {

struct ProgramStart {
  std::vector<std::string> words{};                                 // words[0]: a path
  std::map<std::string, std::optional<std::string>> environment{};  // added to ours; absent value: taken away
  std::optional<uid_t> uid{};  // whom to run as, with no other groups; absent: as we do
  std::string directory{};     // where it works; empty: where we do
};

// One process: killed, if it still runs, when this object goes, or when the test itself dies.
class BackgroundProgram {
 public:
  static constexpr int kStillRunning = -1;

  explicit BackgroundProgram(const ProgramStart& start);
  ~BackgroundProgram();
  BackgroundProgram(const BackgroundProgram&) = delete;
  BackgroundProgram& operator=(const BackgroundProgram&) = delete;

  pid_t pid() const { return x_pid; }
  void signal(int number) const;
  // To its standard input.
  void type(std::string_view text) const;

  // Patience is that on usual hardware: see this_host.h.
  // True as soon as standard output has the text; false at its end and after patience.
  bool wait_for(std::string_view text, std::chrono::milliseconds patience = std::chrono::seconds(20));
  // Exit status; 128 + N after signal N; kStillRunning if it does not end in time.
  int wait(std::chrono::milliseconds patience = std::chrono::seconds(20));

  const std::string& out() const { return x_out.text; }
  const std::string& err() const { return x_err.text; }

 private:
  struct Stream {
    UniqueFd fd;
    std::string text;
    void take();
  };
  // Takes what is there; waits for more until the deadline or the end of the process, true then.
  bool watch(std::chrono::steady_clock::time_point deadline);

  pid_t x_pid = -1;
  UniqueFd x_process;  // pidfd
  UniqueFd x_in;
  Stream x_out;
  Stream x_err;
  std::optional<int> x_status;
};

}  // namespace qvm::test
