// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/exit_codes.h"

namespace qvm::cli {

int exit_code(daemon::Outcome outcome) {
  using daemon::Outcome;
  switch (outcome) {
    case Outcome::none:
    case Outcome::shutdown:
    case Outcome::reset:
    case Outcome::stopped:
      return kOk;
    case Outcome::watchdog:
      return kWatchdog;
    case Outcome::unsupported:
      return kUnsupported;
    case Outcome::device:
      return kDevice;
    case Outcome::panicked:
      return kUnexpected;
    case Outcome::died:
      return kDied;
    case Outcome::not_started:
      return kNotStarted;
  }
  return kUnexpected;
}

}  // namespace qvm::cli
