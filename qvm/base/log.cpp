// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace qvm {
namespace {

using nlohmann::json;

timespec now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time;
}

// "2026-11-25T16:30:00.123456Z"
std::array<char, 64> wall_time() {
  const timespec time = now(CLOCK_REALTIME);
  std::tm parts{};
  ::gmtime_r(&time.tv_sec, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(time.tv_nsec / 1000));
  return text;
}

// What a line may have in it: control characters become '?', and bytes that are not UTF-8 U+FFFD.
std::string printable(std::string_view text) {
  std::string clean(text);
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (!std::all_of(clean.begin(), clean.end(), is_ascii))
    clean = json::parse(json(clean).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      '?');
  return clean;
}

void append_quoted(std::string& out, std::string_view text) {
  out += json(printable(text)).dump();
}

void append_value(std::string& out, std::string_view value) {
  append_quoted(out, value);
}
void append_value(std::string&, std::monostate) {}
void append_value(std::string& out, std::int64_t value) {
  out += std::to_string(value);
}
void append_value(std::string& out, bool value) {
  out += value ? "true" : "false";
}

}  // namespace

LogFormat log_format_from_environment(bool& valid) {
  const char* text = ::getenv("QVM_LOG_FORMAT");
  const std::string_view format = text != nullptr ? text : "text";
  valid = format == "text" || format == "json" || format.empty();
  return format == "json" ? LogFormat::json : LogFormat::text;
}

Log::Log(std::string daemon, LogFormat format, int descriptor)
    : x_daemon(std::move(daemon)), x_format(format), x_descriptor(descriptor) {}

Log::Log(std::string daemon) : Log(std::move(daemon), LogFormat::text) {
  bool valid = false;
  x_format = log_format_from_environment(valid);
  if (!valid) write("message", "QVM_LOG_FORMAT must be 'text' or 'json'; the log is text");
}

void Log::append_text(std::string_view text) {
  x_waiting += wall_time().data();
  x_waiting += ' ';
  x_waiting += x_daemon;
  x_waiting += '[';
  x_waiting += std::to_string(::getpid());
  x_waiting += "]: ";
  x_waiting += printable(text);
}

void Log::append_json(std::string_view event, std::string_view text, std::initializer_list<LogField> fields) {
  const timespec monotonic = now(CLOCK_MONOTONIC);
  std::array<char, 64> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%lld.%06d", static_cast<long long>(monotonic.tv_sec),
                static_cast<int>(monotonic.tv_nsec / 1000));
  x_waiting += R"({"time":")";
  x_waiting += wall_time().data();
  x_waiting += R"(","monotonic":)";
  x_waiting += seconds.data();
  x_waiting += R"(,"daemon":)";
  append_quoted(x_waiting, x_daemon);
  x_waiting += R"(,"daemon_pid":)";
  x_waiting += std::to_string(::getpid());
  x_waiting += R"(,"event":)";
  append_quoted(x_waiting, event);
  for (const LogField& field : fields) {
    const auto* string = std::get_if<std::string_view>(&field.value);
    if (field.value.index() == 0 || (string != nullptr && string->empty())) continue;
    x_waiting += ',';
    append_quoted(x_waiting, field.name);
    x_waiting += ':';
    std::visit([this](auto value) { append_value(x_waiting, value); }, field.value);
  }
  x_waiting += R"(,"text":)";
  append_quoted(x_waiting, text);
  x_waiting += '}';
}

void Log::write(std::string_view event, std::string_view text, std::initializer_list<LogField> fields) {
  const std::lock_guard lock(x_mutex);
  if (x_format == LogFormat::json) {
    append_json(event, text, fields);
  } else {
    append_text(text);
  }
  x_waiting += '\n';
  if (!x_buffered || x_waiting.size() >= kBuffer) flush_locked();
}

void Log::buffer() {
  const std::lock_guard lock(x_mutex);
  x_buffered = true;
}

void Log::flush() {
  const std::lock_guard lock(x_mutex);
  flush_locked();
}

void Log::flush_locked() {
  if (x_waiting.empty()) return;
  // Whole lines in one write, so that those of several processes do not mix.
  [[maybe_unused]] const auto written = ::write(x_descriptor, x_waiting.data(), x_waiting.size());
  x_waiting.clear();
}

}  // namespace qvm
