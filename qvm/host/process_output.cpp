// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What QEMU wrote before it died, reduced to the line that tells why.
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

// "2026-11-21T07:03:55.871387Z qemu-system-x86_64: -accel kvm: …" without time and program.
std::string_view without_prefix(std::string_view line) {
  const auto program = line.find("qemu-system-");
  if (program == std::string_view::npos) return line;
  const auto colon = line.find(": ", program);
  return colon == std::string_view::npos ? line : line.substr(colon + 2);
}

// Lines of libvirt's log of a domain that tell nothing about the reason.
bool is_routine(std::string_view line) {
  return line.empty() || line.find("starting up libvirt") != std::string_view::npos ||
         line.find("shutting down, reason=") != std::string_view::npos ||
         line.find("terminating on signal") != std::string_view::npos ||
         line.find(" is tainted") != std::string_view::npos ||
         line.find("warning: ") != std::string_view::npos || line.ends_with('\\') || line.starts_with("-");
}

}  // namespace

LastWords essence_of_output(std::string_view text) {
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
  }
  if (!own.empty()) return {.text = std::string(own), .from_us = true};
  if (!kvm.empty()) return {.text = kvm};
  return {.text = std::string(last)};
}

}  // namespace qvm::host
