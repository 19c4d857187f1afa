// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The commands that ask qvmd something, or files, and print the answer.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "config/model/architecture.h"
#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/daemon_connection.h"
#include "qvm/cli/doctor_probe.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/planning.h"
#include "qvm/cli/region_service.h"
#include "qvm/cli/region_table.h"
#include "qvm/cli/status_text.h"
#include "qvm/daemon/files/records.h"
#include "qvm/daemon/host/kvm_access.h"
#include "qvm/host/hypervisor.h"

namespace qvm::cli {

namespace {

using daemon::Reply;
using daemon::Request;

// The answer of a qvmd that runs; without one what `alone` returns, which is then the truth.
Result<Reply> ask(const daemon::RuntimePaths& paths, const Request& request,
                  const std::function<Reply()>& alone) {
  auto connection = QVM_TRY(DaemonConnection::open_if_used(paths));
  if (!connection.has_value()) return alone();
  auto reply = connection->ask(request);
  connection->leave();
  return reply;
}

struct QemuProgram {
  config::Architecture architecture = config::Architecture::x86_64;
  std::string path;
  std::string version;
};

// Those that this host has.
std::vector<QemuProgram> qemu_programs() {
  std::vector<QemuProgram> programs;
  for (const config::Architecture architecture : guest_architectures()) {
    const std::string path = find_qemu(architecture);
    if (path.empty()) continue;
    const std::string version = qemu_version(path);
    programs.push_back({architecture, path, version.empty() ? "unknown" : version});
  }
  return programs;
}

int failed(const Error& error) {
  complain(error.message());
  return kFailed;
}

int list_vms(const Options& options, const daemon::RuntimePaths& paths) {
  Request request;
  request.operation = Request::Operation::list;
  const auto reply = ask(paths, request, [&paths] {
    Reply ended;
    ended.vms = daemon::remembered_ends(paths);
    return ended;
  });
  if (!reply) return failed(reply.error());
  if (options.json) {
    write_output(daemon::statuses_to_json(reply->vms) + "\n");
    return kOk;
  }
  write_output(vm_table(reply->vms));
  return kOk;
}

int down(const Options& options, const daemon::RuntimePaths& paths) {
  Request request;
  request.operation = Request::Operation::stop;
  request.names = options.words;
  request.timeout_ms = options.timeout_ms;
  Reply nothing;
  if (!options.words.empty()) {
    nothing.kind = Reply::Kind::failed;
    nothing.text = fmt::format("no VM '{}' is running", options.words.front());
  }
  const auto reply = ask(paths, request, [&nothing] { return nothing; });
  if (!reply) return failed(reply.error());
  if (reply->kind == Reply::Kind::failed) return failed(Error(reply->text));
  for (const auto& vm : reply->vms) write_output(fmt::format("{}: {}\n", vm.name, describe(vm)));
  std::vector<std::string> regions;
  if (options.words.empty()) {
    auto removed = remove_manifest_regions(paths);
    if (!removed) return failed(removed.error());
    regions = std::move(*removed);
  }
  for (const std::string& region : regions) write_output(fmt::format("region '{}': removed\n", region));
  if (reply->vms.empty() && regions.empty()) write_output("no VM is running\n");
  return kOk;
}

int list_regions(const Options& options, const daemon::RuntimePaths& paths) {
  const auto json = describe_regions(paths);
  if (!json) return failed(json.error());
  if (options.json) {
    write_output(*json + "\n");
    return kOk;
  }
  const auto table = region_table(*json);
  if (!table) return failed(table.error());
  write_output(*table);
  return kOk;
}

int show_plan(const Options& options, const daemon::RuntimePaths& paths) {
  int status = kOk;
  const auto launch = plan_launch(options, WordForm::files, paths.root(), std::cerr, status);
  if (!launch) return status;
  bool first = true;
  if (options.form == PlanForm::json) write_output("[");
  for (const auto& plan : launch->plans) {
    switch (options.form) {
      case PlanForm::json:
        write_output((first ? "" : ",\n") + plan::to_json(plan));
        break;
      case PlanForm::xml:
        write_output(plan.domain_xml);
        break;
      case PlanForm::table:
        write_output((first ? "" : "\n") + plan::to_table(plan));
        break;
    }
    first = false;
  }
  if (options.form == PlanForm::json) write_output("]\n");
  return kOk;
}

int version(const Options& options) {
  const std::string why_no_kvm = daemon::why_no_kvm();
  if (options.json) {
    nlohmann::ordered_json qemu = nlohmann::ordered_json::array();
    for (const QemuProgram& one : qemu_programs()) {
      qemu.push_back({{"architecture", config::to_string(one.architecture)},
                      {"program", one.path},
                      {"version", one.version}});
    }
    const nlohmann::ordered_json json = {
        {"qvm", QVM_VERSION},
        {"protocol", daemon::kProtocolVersion},
        {"qemu", qemu},
        {"libvirt", {{"library", host::libvirt_version()}, {"compiled", host::compiled_libvirt_version()}}},
        {"kvm", why_no_kvm.empty()}};
    write_output(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return kOk;
  }
  std::string text = fmt::format("qvm {}\n", QVM_VERSION);
  const auto programs = qemu_programs();
  if (programs.empty()) text += "QEMU: there is none in PATH\n";
  for (const QemuProgram& one : programs)
    text += fmt::format("QEMU for {}: {} ({})\n", config::to_string(one.architecture), one.version, one.path);
  text +=
      fmt::format("libvirt: {} (built with {})\n", host::libvirt_version(), host::compiled_libvirt_version());
  text += fmt::format("KVM: {}\n", why_no_kvm.empty() ? "can be used" : why_no_kvm);
  write_output(text);
  return kOk;
}

const Command kPs{.name = "ps",
                  .help = "List VMs with their states",
                  .examples = "  qvm ps\n  qvm ps --json\n",
                  .declare =
                      [](CLI::App& app, Options& options) {
                        add_runtime_directory(app, options.common);
                        add_json(app, options, "ps");
                      },
                  .run = list_vms};

const Command kDown{.name = "down",
                    .help = "Stop VMs, all or those named",
                    .examples = "  qvm down\n  qvm down --timeout 5 left\n",
                    .declare =
                        [](CLI::App& app, Options& options) {
                          app.add_option("name", options.words, "VMs")->type_name("NAME");
                          add_runtime_directory(app, options.common);
                          add_timeout(app, options);
                        },
                    .run = down};

const Command kRegions{.name = "regions",
                       .help = "List shared regions and who is attached",
                       .examples = "  qvm regions\n  qvm regions --json\n  qvm regions explain left moo\n",
                       .declare =
                           [](CLI::App& app, Options& options) {
                             add_runtime_directory(app, options.common);
                             add_json(app, options, "regions");
                           },
                       .run = list_regions};

const Command kPlan{
    .name = "plan",
    .help = "Show what would be started: memory, interrupts, domain",
    .examples =
        "  qvm plan guest.qvmconf\n  qvm plan --xml guest.qvmconf\n"
        "  qvm plan --json system.yaml\n",
    .declare =
        [](CLI::App& app, Options& options) {
          app.add_option("file", options.words,
                         "A manifest (*.yaml), configurations (*.qvmconf) or one VM's words")
              ->required()
              ->type_name("FILE");
          add_launch_options(app, options.common);
          auto* json = app.add_flag_callback(
              "--json", [&options] { options.form = PlanForm::json; }, "As JSON (schemas/plan.schema.json)");
          app.add_flag_callback(
                 "--xml", [&options] { options.form = PlanForm::xml; }, "The domain that libvirt is given")
              ->excludes(json);
        },
    .run = show_plan,
    .tells_infos = true};

const Command kVersion{.name = "version",
                       .help = "Print the versions of qvm, QEMU and libvirt",
                       .examples = "  qvm version\n  qvm version --json\n",
                       .declare = [](CLI::App& app, Options& options) { add_json(app, options, "version"); },
                       .run_alone = version};

}  // namespace

}  // namespace qvm::cli
