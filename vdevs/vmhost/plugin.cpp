// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What QEMU sees of libqvm-vmhost.so: -plugin file=…/libqvm-vmhost.so,config=…/vmhost.json[,log=LEVEL]
#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vdevs/vmhost/log.h"
#include "vdevs/vmhost/qemu_versions.h"
#include "vdevs/vmhost/vmhost.h"

#define QVM_EXPORT extern "C" __attribute__((visibility("default")))

// QEMU reads it after loading us. Each version accepts others.
QVM_EXPORT int qemu_plugin_version;
int qemu_plugin_version = 0;

namespace {

using namespace qvm::vmhost;

__attribute__((constructor)) void choose_plugin_version() {
  Dl_info self{};
  if (::dladdr(&qemu_plugin_version, &self) == 0 || self.dli_fname == nullptr) return;
  const auto lookup = [](const char* name) { return ::dlsym(RTLD_DEFAULT, name); };
  qemu_plugin_version = plugin_interface_version(lookup, self.dli_fname, qemu_plugin_version);
}

Notifier g_machine_done;
Vmhost* g_vmhost = nullptr;  // for the life of the process

// A VM whose vdevs cannot start does not start. exit and not a return value: QEMU would add a line of its
// own.
[[noreturn]] void give_up(std::string_view why) {
  log(LogLevel::error, why);
  std::exit(EXIT_FAILURE);
}

void on_machine_done(Notifier*, void*) {
  auto started = g_vmhost->start();
  if (!started) give_up(started.error().message());
}

bool set_level(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"error", "warning", "info", "debug"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name != kNames[i]) continue;
    set_log_level(static_cast<LogLevel>(i));
    return true;
  }
  return false;
}

}  // namespace

QVM_EXPORT int qemu_plugin_install(std::uint64_t, const void*, int argc, char** argv) {
  // A QEMU that accepts every version: see plugin_interface_version.
  if (qemu_plugin_version == kNoInterfaceVersion) return kNoInterfaceVersion;
  std::string config;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (argument.starts_with("config=")) {
      // QEMU takes two -plugin with one file for one with the arguments of both.
      if (!config.empty()) give_up("vmhost: argument config is given twice; one file has all vdevs of a VM");
      config = argument.substr(7);
    } else if (!argument.starts_with("log=") || !set_level(argument.substr(4))) {
      give_up("vmhost: unknown argument '" + std::string(argument) +
              "'; known are config=PATH and log=error|warning|info|debug");
    }
  }
  if (config.empty()) give_up("vmhost: argument config=PATH is missing");
  auto vmhost = Vmhost::load(config);
  if (!vmhost) give_up(vmhost.error().message());
  g_vmhost = vmhost->release();
  g_machine_done.notify = &on_machine_done;
  g_vmhost->qemu().qemu_add_machine_init_done_notifier(&g_machine_done);
  return 0;
}
