// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/command.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace qvm::cli {

namespace {

constexpr std::uint32_t kMaxTimeoutSeconds = 3600;

}  // namespace

const std::vector<const Command*>& all_commands() {
  return Registered<Command>::sorted_by(&Command::name);
}

const Command* find_command(std::string_view name) {
  return Registered<Command>::find(&Command::name, name);
}

void add_runtime_directory(CLI::App& app, CommonOptions& common) {
  app.add_option("--runtime-dir", common.runtime_directory,
                 "Where sockets, logs and state are (default: QVM_RUNTIME_DIR, else /run/qvm as root and "
                 "$XDG_RUNTIME_DIR/qvm otherwise, or without it /tmp/qvm-UID)")
      ->type_name("DIR");
}

void add_launch_options(CLI::App& app, CommonOptions& common) {
  static const std::map<std::string, config::Accelerator> kAccelerators = {
      {"kvm", config::Accelerator::kvm},
      {"tcg", config::Accelerator::tcg},
      {"auto", config::Accelerator::automatic}};
  add_runtime_directory(app, common);
  app.add_option_function<std::string>(
         "--accel", [&common](const std::string& name) { common.accelerator = kAccelerators.at(name); },
         "kvm, tcg (emulation) or auto: KVM where it can be used")
      ->check(CLI::IsMember({"kvm", "tcg", "auto"}))
      ->type_name("ACCEL");
  app.add_option("--libvirt-uri", common.libvirt_uri,
                 "A local libvirt connection instead of our own embedded one")
      ->type_name("URI");
  app.add_option_function<std::string>(
         "--qnx-version",
         [&common](const std::string& version) {
           common.qnx_version = config::parse_qnx_version(version).value_or(config::kDefaultQnxVersion);
         },
         "Version of QNX whose language is meant: 7.0, 7.1 or 8.0 (the default)")
      ->check(CLI::IsMember({"7.0", "7.1", "8.0"}))
      ->type_name("VERSION");
  app.add_option("--plugin-dir", common.plugin_directories,
                 "Directory with tables and objects of further vdevs")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void add_json(CLI::App& app, Options& options, std::string_view schema) {
  app.add_flag("--json", options.json, "As JSON (schemas/" + std::string(schema) + ".schema.json)");
}

void add_timeout(CLI::App& app, Options& options) {
  app.add_option_function<std::uint32_t>(
         "--timeout", [&options](std::uint32_t seconds) { options.timeout_ms = seconds * 1000; },
         "Seconds that guests may take to power off by themselves (default 0: end them)")
      ->check(CLI::Range(0U, kMaxTimeoutSeconds))
      ->type_name("SECONDS");
}

}  // namespace qvm::cli
