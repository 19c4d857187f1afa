// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/verdict.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

#include "vdevs/abi/qvm_vdev.h"

namespace qvm::lifecycle {
namespace {

std::string describe_exit(const std::optional<int>& status) {
  if (!status) return "its QEMU process ended unexpectedly";
  if (WIFSIGNALED(*status)) {
    return fmt::format("its QEMU process was killed by signal {} ({})", WTERMSIG(*status),
                       ::strsignal(WTERMSIG(*status)));
  }
  return fmt::format("its QEMU process ended with status {}", WEXITSTATUS(*status));
}

Verdict died(const Evidence& evidence) {
  if (evidence.words.from_us) {
    const bool bit = evidence.words.text.ends_with(QVM_VDEV_WATCHDOG_BIT);
    return {.outcome = bit ? Outcome::watchdog : Outcome::device, .reason = evidence.words.text};
  }
  // Its qvmd was killed, or a new one was taking it over, just when its guest powered off.
  if (evidence.words.powered_off) return {.outcome = Outcome::shutdown, .reason = {}};
  Verdict verdict{.outcome = Outcome::died, .reason = describe_exit(evidence.wait_status)};
  if (!evidence.words.text.empty()) verdict.reason += ": " + evidence.words.text;
  return verdict;
}

std::string or_else(const std::string& text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

}  // namespace

Verdict judge(const Evidence& evidence) {
  switch (evidence.known) {
    case Outcome::unsupported:
      return {.outcome = evidence.known,
              .reason = or_else(evidence.words.text, "the hypervisor stopped the guest")};
    case Outcome::watchdog:
      return {.outcome = evidence.known, .reason = "the guest's watchdog bit"};
    case Outcome::panicked:
      return {.outcome = evidence.known, .reason = "the guest reported a panic"};
    case Outcome::none:
    case Outcome::shutdown:
    case Outcome::reset:
    case Outcome::stopped:
    case Outcome::device:
    case Outcome::died:
    case Outcome::not_started:
      break;
  }
  if (evidence.stop_requested) return {.outcome = Outcome::stopped, .reason = {}};
  switch (evidence.how) {
    case host::DomainEvent::Stop::shutdown:
      if (evidence.signalled)
        return {.outcome = Outcome::died, .reason = "a signal told its QEMU process to end"};
      return {.outcome = evidence.reset ? Outcome::reset : Outcome::shutdown, .reason = {}};
    case host::DomainEvent::Stop::destroyed:
      return {.outcome = Outcome::died, .reason = "somebody else destroyed its domain"};
    case host::DomainEvent::Stop::crashed:
      return {.outcome = Outcome::panicked, .reason = "the guest reported a panic"};
    case host::DomainEvent::Stop::failed:
    case host::DomainEvent::Stop::other:
      break;
  }
  return died(evidence);
}

}  // namespace qvm::lifecycle
