// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The command that docs/contributing.md walks through: `qvm names` prints the names of all VMs.
#include <CLI/CLI.hpp>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/daemon_connection.h"
#include "qvm/cli/exit_codes.h"

namespace qvm::cli {
namespace {

int list_names(const Options&, const daemon::RuntimePaths& paths) {
  auto connection = DaemonConnection::open_if_used(paths);
  if (connection && !connection->has_value()) return kOk;  // no qvmd, no VMs
  daemon::Request request;
  request.operation = daemon::Request::Operation::list;
  const auto reply = connection ? (*connection)->ask(request) : tl::unexpected(connection.error());
  if (!reply) {
    complain(reply.error().message());
    return kFailed;
  }
  for (const auto& vm : reply->vms) write_output(vm.name + "\n");
  return kOk;
}

const Command kNames{
    .name = "names",
    .help = "List VMs by their names alone",
    .examples = "  qvm names\n",
    .declare = [](CLI::App& app, Options& options) { add_runtime_directory(app, options.common); },
    .run = list_names};

}  // namespace
}  // namespace qvm::cli
