// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Following the file that a VM's console is written to.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "qvm/base/event_loop.h"
#include "qvm/base/unique_fd.h"

namespace qvm::cli {

// Gives what is in the file from its start, and everything that is appended later, to a sink; nothing is
// lost, because the guest's output is in the file whether or not anybody follows. On the event loop's thread.
class ConsoleLog {
 public:
  using Sink = std::function<void(std::string_view bytes)>;

  // The file need not exist yet: open() is to be called again when it may.
  ConsoleLog(EventLoop& loop, std::string path, Sink sink)
      : x_loop(loop), x_path(std::move(path)), x_sink(std::move(sink)) {}
  ~ConsoleLog();
  ConsoleLog(const ConsoleLog&) = delete;
  ConsoleLog& operator=(const ConsoleLog&) = delete;

  // Starts to follow, from the start of the file or from its last lines; true if the file is open (also if it
  // was before).
  enum class From { start, last_lines };
  bool open(From from = From::start);
  // Hands on what has been written by now, all of it.
  void read();
  // From now on the file that takes its place, when the VM is started again, is followed by itself.
  void follow_successors() { x_successors = true; }
  // Lets go of the file: the VM is started again, with a new one.
  void close();

 private:
  void handle_changes();
  // Hands on a part, and comes back for more: a guest may write faster than anybody reads.
  void read_some();
  bool read_once();
  void await_successor();
  void cancel(std::optional<EventLoop::TimerId>& timer);

  EventLoop& x_loop;
  const std::string x_path;
  const Sink x_sink;
  UniqueFd x_file;
  UniqueFd x_changes;  // inotify
  bool x_successors = false;
  std::optional<EventLoop::TimerId> x_retry;
  std::optional<EventLoop::TimerId> x_more;
};

// Cuts bytes into lines and prints each with a prefix, as one write. The rest of an unfinished line is
// printed by finish().
class PrefixedLines {
 public:
  using Print = std::function<void(std::string_view line)>;  // with its end of line
  PrefixedLines(std::string prefix, Print print) : x_prefix(std::move(prefix)), x_print(std::move(print)) {}

  void append(std::string_view bytes);
  void finish();

 private:
  void print(std::string_view line);

  const std::string x_prefix;
  const Print x_print;
  std::string x_rest;
};

}  // namespace qvm::cli
