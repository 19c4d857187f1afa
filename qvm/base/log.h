// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The daemons' log: one line per event on a descriptor, for people or, as JSON (schemas/log.schema.json), for
// programs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

namespace qvm {

enum class LogFormat { text, json };

// QVM_LOG_FORMAT: "text" (the default) or "json"; daemons hand their environment on to those that they start.
// Anything else is text, and valid becomes false.
LogFormat log_format_from_environment(bool& valid);

struct LogField {
  std::string_view name;
  std::variant<std::monostate, std::string_view, std::int64_t, bool> value;  // none: left out
};

// Thread-safe. Nothing fails: a full disk must not stop a daemon.
class Log {
 public:
  // daemon: "qvmd", "qvm-regiond". The descriptor is borrowed.
  Log(std::string daemon, LogFormat format, int descriptor = 2);
  // In the format of the environment; the first line says so if that asks for one that there is not.
  explicit Log(std::string daemon);
  ~Log() { flush(); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // text says everything for people; fields say it again for programs, and are not part of a text line. A
  // string field that is empty is left out. Control characters and bytes that are not UTF-8 (names come from
  // guests) are replaced.
  void write(std::string_view event, std::string_view text, std::initializer_list<LogField> fields = {});

  // From here on lines wait for flush(), as many as kBuffer bytes; a line is formatted with the time of
  // write().
  void buffer();
  // One write(2) for all that wait.
  void flush();

  static constexpr std::size_t kBuffer = 64 * 1024;

 private:
  void append_text(std::string_view text);
  void append_json(std::string_view event, std::string_view text, std::initializer_list<LogField> fields);
  void flush_locked();

  const std::string x_daemon;
  LogFormat x_format;  // as constructed
  const int x_descriptor;
  std::mutex x_mutex;
  std::string x_waiting;    // guarded by x_mutex
  bool x_buffered = false;  // guarded by x_mutex
};

}  // namespace qvm
