// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_service.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "qvm/base/event_loop.h"
#include "qvm/base/install_paths.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/standard_streams.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/region_table.h"
#include "qvm/cli/signals.h"
#include "qvm/regions/client/admin.h"
#include "qvm/regions/client/start_regiond.h"

namespace qvm::cli {
namespace {

constexpr const char* kNoRegions = R"({"version":1,"regions":[],"vms":[]})";

Result<std::unique_ptr<regions::Admin>> start_service(const daemon::RuntimePaths& paths) {
  QVM_TRY(daemon::prepare_runtime_directory(paths));
  auto admin = regions::Admin::open(paths.root(), InstallPaths::of_this_program().programs + "/qvm-regiond");
  if (!admin) return fail("region manager: " + explain_limit(admin.error().message()));
  return admin;
}

// All of them, or none.
Result<void> make_regions(regions::Admin& admin, const std::vector<regions::RegionSpec>& regions) {
  for (auto region = regions.begin(); region != regions.end(); ++region) {
    auto added = admin.add_region(*region);
    if (added) continue;
    for (auto made = regions.begin(); made != region; ++made) (void)admin.remove_region(made->name);
    return added;
  }
  return {};
}

// Null if none runs.
Result<std::unique_ptr<regions::Admin>> find_service(const daemon::RuntimePaths& paths) {
  auto admin = regions::Admin::open_if_served(paths.root());
  if (!admin && admin.error().code() == ENOTDIR) return tl::unexpected(daemon::not_a_directory(paths));
  return admin;
}

// What the service that runs answers; of_nobody if none runs, or if it came to its end while it was asked, as
// it does after the last VM.
template <class T, class Ask>
Result<T> ask_service(const daemon::RuntimePaths& paths, Result<T> of_nobody, const Ask& ask) {
  const auto admin = QVM_TRY(find_service(paths));
  if (!admin) return of_nobody;
  Result<T> answer = ask(*admin);
  return !answer && regions::nobody_serves(answer.error()) ? of_nobody : answer;
}

int not_started(const Error& error) {
  complain(error.message());
  return kNotStarted;
}

}  // namespace

Result<std::string> describe_regions(const daemon::RuntimePaths& paths) {
  return ask_service<std::string>(paths, kNoRegions,
                                  [](regions::Admin& admin) { return admin.describe_json(); });
}

Result<std::string> explain_access(const daemon::RuntimePaths& paths,
                                   const regions::ExplainRequest& question) {
  return ask_service<std::string>(
      paths,
      fail("nobody uses regions in '" + paths.root() +
           "'; '--file FILE' asks about what a configuration says"),
      [&question](regions::Admin& admin) { return admin.explain_json(question); });
}

int up_regions(const Options& options, const daemon::RuntimePaths& paths, const Launch& launch) {
  auto loop = EventLoop::create();
  if (!loop) return not_started(loop.error());
  int signal = 0;
  // One that comes while the regions are made waits until they are.
  const Signals signals(**loop, {SIGINT, SIGTERM, SIGHUP}, [&](int received) {
    signal = received;
    (*loop)->stop();
  });
  auto admin = start_service(paths);
  if (!admin) return not_started(admin.error());
  if (auto made = make_regions(**admin, launch.regions); !made) return not_started(made.error());
  for (const auto& region : launch.regions)
    write_output(fmt::format("region '{}' is there, {} bytes\n", region.name, region.bytes));
  if (options.detach) return kOk;
  const auto ran = (*loop)->run();
  write_error("\n");  // after the terminal's "^C"
  for (const auto& region : launch.regions) {
    if (auto removed = (*admin)->remove_region(region.name); !removed) complain(removed.error().message());
  }
  if (!ran) return not_started(ran.error());
  return 128 + signal;
}

Result<std::vector<std::string>> remove_manifest_regions(const daemon::RuntimePaths& paths) {
  using Names = std::vector<std::string>;
  return ask_service<Names>(paths, Names(), [](regions::Admin& admin) -> Result<Names> {
    Names names = QVM_TRY(manifest_regions(QVM_TRY(admin.describe_json())));
    for (const std::string& name : names) QVM_TRY(admin.remove_region(name));
    return names;
  });
}

}  // namespace qvm::cli
