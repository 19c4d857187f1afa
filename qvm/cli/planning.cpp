// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/planning.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>

#include "config/lint/render.h"
#include "config/load.h"
#include "config/manifest/host_cpus.h"
#include "config/manifest/host_map.h"
#include "config/model/architecture.h"
#include "config/model/regions.h"
#include "qvm/base/install_paths.h"
#include "qvm/cli/command.h"
#include "qvm/cli/exit_codes.h"
#include "qvm/cli/firmware.h"
#include "qvm/cli/helper_program.h"
#include "qvm/cli/host_gic.h"
#include "qvm/cli/host_id.h"
#include "qvm/cli/host_pci.h"
#include "qvm/cli/identities.h"
#include "qvm/daemon/host/kvm_access.h"

namespace qvm::cli {

namespace {

namespace fs = std::filesystem;

bool is_manifest(const std::string& word) {
  return word.ends_with(".yaml") || word.ends_with(".yml");
}

config::LoadedSystem load(const std::vector<std::string>& words, WordForm form,
                          const config::TableSet& tables, config::Reader& reader) {
  if (is_manifest(words.front())) return config::load_manifest(words.front(), tables, reader);
  std::vector<config::VmInput> inputs;
  if (form == WordForm::single_vm || words.front().starts_with('@')) {
    inputs.emplace_back().words = words;
  } else {
    for (const std::string& file : words) inputs.emplace_back().words = {"@" + file};
  }
  return config::load_vms(inputs, tables, reader);
}

class Planner {
 public:
  Planner(const Options& options, WordForm form, const std::string& runtime_directory, std::ostream& err)
      : x_options(options), x_form(form), x_runtime_directory(runtime_directory), x_err(err) {}

  std::optional<Launch> run(int& exit_status) {
    exit_status = kConfiguration;
    for (const std::string& word : x_options.words) {
      if (is_manifest(word) && x_options.words.size() > 1) {
        x_err << "qvm: manifest '" << word << "' is started alone, with the VMs it names\n";
        exit_status = kUsage;
        return std::nullopt;
      }
    }
    auto tables = load_tables();
    if (!tables) {
      x_err << "qvm: " << tables.error().message() << "\n";
      exit_status = kNotStarted;
      return std::nullopt;
    }
    config::HostReader reader;
    reader.set_default("QVM_GUESTS", x_install.guests);
    config::LoadedSystem system = load(x_options.words, x_form, *tables, reader);
    // Regions alone need none.
    auto acceleration = system.vms.empty() ? plan::HostFacts::Acceleration::tcg : choose_acceleration(system);
    if (!acceleration) {
      x_err << "qvm: " << acceleration.error().message() << "\n";
      exit_status = kNotStarted;
      return std::nullopt;
    }
    Launch launch;
    if (!system.diagnostics.has_errors()) launch = plan(system, *acceleration, reader);
    const auto colors = ::isatty(STDERR_FILENO) == 1 && reader.environment("NO_COLOR").value_or("").empty()
                            ? config::Colors::on
                            : config::Colors::off;
    const config::DiagnosticSink told = worth_telling(system.diagnostics);
    x_err << config::render_text(told, system.sources, colors);
    if (system.diagnostics.has_errors() || system.unreadable) {
      x_err << "qvm: " << config::summary(told) << "; nothing was started\n";
      return std::nullopt;
    }
    exit_status = kOk;
    return launch;
  }

 private:
  // Who wants to start something hears what is wrong; `qvm plan` and the linter tell what is worth knowing.
  config::DiagnosticSink worth_telling(const config::DiagnosticSink& found) const {
    config::DiagnosticSink told;
    for (const config::Diagnostic& finding : found.all()) {
      if ((x_options.command->tells_infos || finding.severity != config::Severity::info) &&
          !said_by_error(finding, found))
        told.add(finding);
    }
    return told;
  }

  // That a VM cannot be started here (A23) the linter warns of, and the plan calls it the error that it is
  // now.
  static bool said_by_error(const config::Diagnostic& finding, const config::DiagnosticSink& found) {
    if (finding.rule != "A23") return false;
    return std::any_of(found.all().begin(), found.all().end(), [&](const config::Diagnostic& other) {
      return other.severity == config::Severity::error && other.where == finding.where;
    });
  }

  Result<config::TableSet> load_tables() {
    auto tables = config::TableSet::shipped();
    if (!tables) return tables;
    tables->select_version(x_options.common.qnx_version);
    std::vector<Error> failures;
    std::error_code ignored;
    if (fs::is_directory(x_install.plugins, ignored)) tables->add_directory(x_install.plugins, failures);
    for (const std::string& directory : x_options.common.plugin_directories)
      tables->add_directory(directory, failures);
    for (const Error& failure : failures) x_err << "qvm: warning: " << failure.message() << "\n";
    return tables;
  }

  Result<plan::HostFacts::Acceleration> choose_acceleration(const config::LoadedSystem& system) {
    using Acceleration = plan::HostFacts::Acceleration;
    auto wanted = config::Accelerator::automatic;
    if (system.manifest && system.manifest->accelerator) wanted = system.manifest->accelerator->value;
    if (x_options.common.accelerator) wanted = *x_options.common.accelerator;
    if (wanted == config::Accelerator::tcg) return Acceleration::tcg;
    const std::string why = daemon::why_no_kvm();
    if (why.empty()) return Acceleration::kvm;
    if (wanted == config::Accelerator::kvm) {
      return fail(why + "; use '--accel tcg' for emulation, or give this user access to /dev/kvm");
    }
    x_err << "qvm: note: " << why << "; the VMs are emulated (TCG), which is slower\n";
    return Acceleration::tcg;
  }

  plan::HostFacts host_facts(const config::LoadedSystem& system,
                             plan::HostFacts::Acceleration acceleration) const {
    plan::HostFacts host;
    host.acceleration = acceleration;
#ifdef __aarch64__
    host.architecture = config::Architecture::aarch64;
#endif
    host.runtime_directory = x_runtime_directory;
    host.plugin_directory = x_install.plugins;
    host.host_id = find_host_id(daemon::RuntimePaths(x_runtime_directory));
    host.firmware_path = find_firmware();
    std::error_code ignored;
    const fs::path directory = system.manifest ? fs::path(system.manifest->directory) : fs::path();
    host.working_directory =
        fs::absolute(directory.empty() ? fs::path(".") : directory, ignored).lexically_normal().string();
    // "/a/." and "/a/" name the same directory; paths built from it should not show it.
    while (host.working_directory.size() > 1 && host.working_directory.ends_with('/'))
      host.working_directory.pop_back();
    return host;
  }

  // What a VM's window has room for. What several would create is made once, by whoever comes first.
  static std::vector<plan::SetRegion> regions_of_set(const config::LoadedSystem& system) {
    std::map<std::string, std::uint64_t> sizes;
    const auto add = [&sizes](const std::string& name, std::uint64_t bytes) {
      std::uint64_t& size = sizes[name];
      size = std::max(size, bytes);
    };
    if (system.manifest) {
      for (const config::RegionEntry& region : system.manifest->regions) {
        std::uint64_t bytes = region.size_bytes.value;
        if (region.huge_pages && region.huge_pages->value == config::HugePages::require)
          bytes = regions::units_for(bytes, regions::kHugePageBytes) * regions::kHugePageBytes;
        add(region.name.value, bytes);
      }
    }
    for (const config::VmConfig& vm : system.vms) {
      for (const config::Vdev& vdev : vm.vdevs) {
        for (const config::RegionCreation& creation : config::region_access(vdev).creations)
          add(creation.host_name, creation.bytes);
      }
    }
    std::vector<plan::SetRegion> set;
    for (const auto& [name, bytes] : sizes) set.push_back({name, bytes});
    return set;
  }

  Launch plan(config::LoadedSystem& system, plan::HostFacts::Acceleration acceleration,
              config::Reader& reader) {
    Launch launch;
    plan::HostQueries queries;
    queries.read_head = [&reader](const std::string& path) -> std::optional<std::string> {
      auto head = reader.read_head(path, plan::kImageHead);
      if (!head) return std::nullopt;
      return std::move(*head);
    };
    queries.read_file = [&reader](const std::string& path,
                                  std::uint64_t limit) -> std::optional<std::string> {
      auto text = reader.read(path, limit);
      if (!text) return std::nullopt;
      return std::move(*text);
    };
    queries.find_group = find_group;
    queries.pci_devices = [] { return read_pci_devices(); };
    queries.pci_header = [](const std::string& address) { return read_pci_header(address); };
    queries.is_directory = [&reader](const std::string& path) {
      const auto facts = reader.facts(path);
      return facts && facts->directory;
    };
    queries.kvm_gics = find_kvm_gics;
    queries.host_cpus = [&system, host = reader.host()](const config::Cpu& cpu) {
      return config::host_cpus_here(cpu, system.manifest ? &*system.manifest : nullptr, host);
    };
    queries.find_host_path = [&system](const std::string& path) {
      return system.manifest ? config::find_host_map(*system.manifest, path) : nullptr;
    };
    const plan::HostFacts host = host_facts(system, acceleration);
    const std::vector<plan::SetRegion> set = regions_of_set(system);
    for (std::size_t i = 0; i < system.vms.size(); ++i) {
      plan::HostFacts own = host;
      const config::VmEntry* entry = system.manifest ? &system.manifest->vms[i] : nullptr;
      resolve_identity(system.names[i], entry, own, system.diagnostics);
      auto built =
          plan::build(system.vms[i], system.names[i], own, system.sources, system.diagnostics, queries, set);
      if (!built) continue;
      check_emulator(system.vms[i], system.diagnostics);
      if (entry != nullptr) {
        apply_limits(entry->limits, system.sources, built->policy);
        built->policy.system = resolve_limits(*system.manifest, system.sources);
        for (const config::Dependency& one : entry->depends_on) built->depends_on.push_back(one.condition);
        built->restart = entry->restart;
      }
      launch.plans.push_back(std::move(*built));
    }
    if (system.manifest) {
      for (const auto& region : system.manifest->regions) {
        launch.regions.push_back(resolve_region(region, system.sources, system.diagnostics));
        launch.regions.back().system = resolve_limits(*system.manifest, system.sources);
      }
      if (system.manifest->libvirt_uri) launch.libvirt_uri = system.manifest->libvirt_uri->value;
    }
    if (!x_options.common.libvirt_uri.empty()) launch.libvirt_uri = x_options.common.libvirt_uri;
    // Part of a set that runs without the rest would be a surprise to both.
    const bool dryrun = std::any_of(launch.plans.begin(), launch.plans.end(),
                                    [](const plan::VmPlan& one) { return one.dryrun; });
    for (plan::VmPlan& one : launch.plans) one.dryrun = dryrun;
    return launch;
  }

  // libvirt would say what it did not find, but not what to do.
  void check_emulator(const config::VmConfig& vm, config::DiagnosticSink& sink) const {
    const std::string program = fmt::format("qemu-system-{}", config::to_string(vm.architecture));
    if (!find_program(program).empty()) return;
    config::Diagnostic finding;
    if (!x_options.command->starts_vms) finding.severity = config::Severity::warning;
    finding.rule = "plan-cpu";
    finding.where = vm.where;
    finding.message = fmt::format("this host has no {}", program);
    finding.help =
        fmt::format("install Debian's {}, or what other distributions have it in",
                    vm.architecture == config::Architecture::aarch64 ? "qemu-system-arm" : "qemu-system-x86");
    sink.add(std::move(finding));
  }

  const Options& x_options;
  const WordForm x_form;
  const std::string& x_runtime_directory;
  std::ostream& x_err;
  const InstallPaths x_install = InstallPaths::of_this_program();
};

}  // namespace

std::optional<Launch> plan_launch(const Options& options, WordForm form, const std::string& runtime_directory,
                                  std::ostream& err, int& exit_status) {
  return Planner(options, form, runtime_directory, err).run(exit_status);
}

}  // namespace qvm::cli
