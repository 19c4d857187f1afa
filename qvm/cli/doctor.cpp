// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <CLI/CLI.hpp>
#include <algorithm>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/doctor_checks.h"
#include "qvm/cli/doctor_probe.h"
#include "qvm/cli/exit_codes.h"

namespace qvm::cli {

namespace {

int doctor(const Options& options, const daemon::RuntimePaths& paths) {
  DoctorFacts facts = probe_host(paths);
  // A start would only say again what is wrong already.
  const auto works = std::find_if(facts.qemu.begin(), facts.qemu.end(), [](const QemuFacts& qemu) {
    return !qemu.program.empty() && qemu.proof.empty();
  });
  if (works != facts.qemu.end() && usable(examine(facts)))
    facts.start = try_start(paths, works->architecture);
  const auto checks = examine(facts);
  if (options.json) {
    write_output(checks_to_json(checks) + "\n");
  } else {
    write_output(checks_to_text(checks));
  }
  return usable(checks) ? kOk : kFailed;
}

const Command kDoctor{.name = "doctor",
                      .help = "Check whether VMs can start on this host",
                      .examples =
                          "  qvm doctor\n  qvm doctor --json\n\n"
                          "Exit status: 0 VMs can start, 1 they cannot.\n",
                      .declare =
                          [](CLI::App& app, Options& options) {
                            add_runtime_directory(app, options.common);
                            add_json(app, options, "doctor");
                          },
                      .run = doctor};

}  // namespace

}  // namespace qvm::cli
