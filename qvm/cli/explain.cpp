// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm regions explain`: asks the region manager that runs, or one that exists for the moment only, made from
// files.
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <iostream>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/identities.h"
#include "qvm/cli/planning.h"
#include "qvm/cli/region_service.h"
#include "qvm/cli/region_table.h"
#include "qvm/regions/model/manager.h"

namespace qvm::cli {
namespace {

// "VM/VDEV REGION", "VM REGION" or "REGION".
Result<regions::ExplainRequest> question_of(const Options& options) {
  regions::ExplainRequest question;
  question.name = options.words.back();
  question.pages = options.pages;
  if (options.words.size() == 1) {
    question.identity = QVM_TRY(resolve_program(options.account));
    return question;
  }
  if (!options.account.empty()) {
    return fail(
        "'--uid' is for host programs: a VM runs as its configuration says; leave out one of the two");
  }
  const std::string& vm = options.words.front();
  const std::size_t slash = vm.find('/');
  question.vm = vm.substr(0, slash);
  if (slash != std::string::npos) question.vdev = vm.substr(slash + 1);
  return question;
}

// What the region manager would say if this were all that it knew.
Result<std::string> explain_launch(const Launch& launch, const regions::ExplainRequest& question) {
  regions::Manager manager(regions::Limits{.owner = ::geteuid()});
  for (const regions::RegionSpec& region : launch.regions) {
    QVM_TRY(manager.add_region(region, 0));
  }
  for (const plan::VmPlan& plan : launch.plans) {
    QVM_TRY(manager.add_vm(plan.policy, 0));
  }
  return regions::explain_as_json(manager, question);
}

int explain_region(const Options& options, const daemon::RuntimePaths& paths) {
  const auto question = question_of(options);
  if (!question) {
    complain(question.error().message());
    return kUsage;
  }
  Result<std::string> json = fail("");
  if (options.file.empty()) {
    json = explain_access(paths, *question);
  } else {
    Options planning = options;
    planning.words = {options.file};
    // Who may do what does not depend on it, and nobody is to hear about KVM here.
    planning.common.accelerator = config::Accelerator::tcg;
    int status = kOk;
    const auto launch = plan_launch(planning, WordForm::files, paths.root(), std::cerr, status);
    if (!launch) return status;
    json = explain_launch(*launch, *question);
  }
  if (json && options.json) {
    write_output(*json + "\n");
    return kOk;
  }
  const auto text = json ? explanation_text(*json) : std::move(json);
  if (!text) {
    complain(text.error().message());
    return kFailed;
  }
  write_output(*text);
  return kOk;
}

const Command kExplain{
    .name = "regions explain",
    .help = "Tell which line allows or forbids an attach",
    .examples =
        "  May VM 'left' attach to 'moo'?\n    qvm regions explain left moo\n"
        "  The same for one of its vdevs, before anything runs:\n"
        "    qvm regions explain --file system.yaml left/shmem0 moo\n"
        "  May a host program of this user:\n    qvm regions explain --uid nobody moo\n",
    .declare =
        [](CLI::App& app, Options& options) {
          app.add_option(
                 "who", options.words,
                 "The VM or VM/VDEV (none: a host program), and the region as it would write its name")
              ->required()
              ->expected(1, 2)
              ->type_name("[VM] REGION");
          add_runtime_directory(app, options.common);
          app.add_option("--file", options.file, "Ask about this manifest or configuration, not what runs")
              ->type_name("FILE");
          app.add_option("--uid", options.account, "User of the host program (default: you)")
              ->type_name("ACCOUNT");
          app.add_option("--pages", options.pages,
                         "Pages asked for; 0: only if the region exists (default 1)")
              ->type_name("PAGES");
          add_json(app, options, "explanation");
        },
    .run = explain_region};

}  // namespace

}  // namespace qvm::cli
