// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What QEMU wrote before it died, reduced to the line that tells why.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "qvm/host/hypervisor.h"

namespace qvm::host {
namespace {

constexpr std::string_view kOwnMark = "qvm: ";
constexpr std::string_view kKvmMark = "KVM internal error";

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// "2026-11-21T07:03:55.871387Z qemu-system-x86_64: -accel kvm: …" without time and program, and "libvirt:
// error : …", of a process that failed before it was QEMU, without that.
std::string_view without_prefix(std::string_view line) {
  constexpr std::string_view kBeforeQemu = "libvirt:  error : ";
  if (line.starts_with(kBeforeQemu)) return line.substr(kBeforeQemu.size());
  const auto program = line.find("qemu-system-");
  if (program == std::string_view::npos) return line;
  const auto colon = line.find(": ", program);
  return colon == std::string_view::npos ? line : line.substr(colon + 2);
}

// libvirt's last line about a domain, before the reason.
constexpr std::string_view kOver = "shutting down, reason=";

// Lines of libvirt's log of a domain that tell nothing about the reason.
bool is_routine(std::string_view line) {
  return line.empty() || line.find("starting up libvirt") != std::string_view::npos ||
         line.find(kOver) != std::string_view::npos ||
         line.find("terminating on signal") != std::string_view::npos ||
         line.find(" is tainted") != std::string_view::npos ||
         line.find("warning: ") != std::string_view::npos || line.ends_with('\\') || line.starts_with("-");
}

// Whether libvirt took the end for a power-off. It lets QEMU stay when its guest has powered off, and then
// ends it; there is no line of its own if the qvmd that it is part of is killed meanwhile.
class PowerOff {
 public:
  void note(std::string_view line) {
    if (const auto over = line.find(kOver); over != std::string_view::npos) {
      x_reason = line.substr(over + kOver.size());
    } else if (line.find("terminating on signal 15 from pid ") != std::string_view::npos) {
      x_by_qvmd = line.ends_with("qvmd)");
    }
  }
  bool value() const { return x_reason.empty() ? x_by_qvmd : x_reason.starts_with("shutdown"); }

 private:
  std::string_view x_reason;
  bool x_by_qvmd = false;
};

// The process may have been taken over: what it says is shown on terminals and in one line.
std::string presentable(std::string_view line) {
  constexpr std::size_t kLongest = 500;
  std::string text(line.substr(0, kLongest));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  // The control characters beyond ASCII are two bytes in UTF-8.
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] == '\xc2' && static_cast<unsigned char>(text[at + 1]) < 0xa0) text[at] = text[at + 1] = '?';
  }
  return text;
}

// What QEMU says of a host's lack does not tell what to do about it.
std::string with_remedy(std::string text) {
  constexpr std::string_view kNoGic = "host does not support in-kernel GICv";
  const auto version = text.find(kNoGic);
  if (version == std::string::npos) return text;
  const bool v2 = text.compare(version + kNoGic.size(), 1, "2") == 0;
  return fmt::format(
      "this host's KVM has no gic of version {}: write 'vdev gic version {}', or start with "
      "'--accel tcg'",
      v2 ? 2 : 3, v2 ? 3 : 2);
}

}  // namespace

LastWords essence_of_output(std::string_view text) {
  LastWords words;
  PowerOff power_off;
  std::string_view own;
  std::string_view last;
  std::string kvm;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (const auto mark = line.find(kOwnMark); mark != std::string_view::npos) {
      if (own.empty()) own = line.substr(mark + kOwnMark.size());
    } else if (const auto internal = line.find(kKvmMark); internal != std::string_view::npos) {
      // The next line names the kind; what follows is a dump of registers.
      kvm = std::string(kKvmMark);
      const std::string_view kind = next_line(text);
      if (!kind.empty() && kind.find('=') == std::string_view::npos) kvm += ": " + std::string(kind);
    } else if (!is_routine(line)) {
      last = without_prefix(line);
    }
    power_off.note(line);
  }
  words.powered_off = power_off.value();
  words.from_us = !own.empty();
  words.text = words.from_us  ? presentable(own)
               : !kvm.empty() ? presentable(kvm)
                              : with_remedy(presentable(last));
  return words;
}

std::string essence_of_error(const std::string& message) {
  // libvirt 9: "… closed the monitor: OUTPUT"; 11 and 12: "… closed the monitor (vm='NAME'): OUTPUT".
  constexpr std::string_view kQuotation = " monitor";
  const auto monitor = message.find(kQuotation);
  const auto after = monitor == std::string::npos ? monitor : monitor + kQuotation.size();
  const bool quotes = after != std::string::npos &&
                      (message.compare(after, 2, ": ") == 0 || message.compare(after, 2, " (") == 0);
  const auto output = quotes ? message.find(": ", after) : std::string::npos;
  if (output == std::string::npos && message.find("qemu-system-") == std::string::npos &&
      message.find('\n') == std::string::npos)
    return message;
  const std::string said = output == std::string::npos ? message : message.substr(output + 2);
  const LastWords essence = essence_of_output(said);
  return essence.text.empty() ? message : essence.text;
}

}  // namespace qvm::host
