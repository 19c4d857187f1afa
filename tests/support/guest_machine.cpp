// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/guest_machine.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "qvm/base/unique_fd.h"
#include "tests/support/this_host.h"

namespace qvm::test {

namespace {

// What starts QEMU as something else than it is by itself: plugins that are sanitized need the runtime in it.
// What QEMU leaks is its own affair.
std::vector<std::string> environment_of_qemu() {
#ifdef __SANITIZE_ADDRESS__
  return {"env", "LD_PRELOAD=" QVM_ASAN_RUNTIME, "ASAN_OPTIONS=detect_leaks=0"};
#else
  return {};
#endif
}

}  // namespace

std::string guest_image(const std::string& name) {
  return std::string(QVM_BINARY_DIR) + "/share/qvm/guests/" + name + ".elf";
}

std::vector<std::string> guest_words(const GuestMachine& machine) {
  // Under TCG only with more than one possible vCPU and threads are locked instructions atomic against other
  // processes.
  const std::string accelerator = machine.accelerator == "tcg" ? "tcg,thread=multi" : machine.accelerator;
  std::vector<std::string> words = {"timeout",
                                    "--kill-after=5",
                                    std::to_string(on_this_host(machine.patience).count()),
                                    "setpriv",  // who kills timeout means the machine
                                    "--pdeathsig",
                                    "KILL"};
  const std::vector<std::string> environment = environment_of_qemu();
  words.insert(words.end(), environment.begin(), environment.end());
  const std::vector<std::string> qemu = {
      "qemu-system-x86_64", "-nodefaults", "-machine",     "pc",      "-accel",
      accelerator,          "-smp",        "1,maxcpus=2",  "-m",      std::to_string(machine.memory_mib),
      "-display",           "none",        "-serial",      "stdio",   "-bios",
      "qboot.rom",          "-kernel",     machine.kernel, "-append", machine.command_line};
  words.insert(words.end(), qemu.begin(), qemu.end());
  if (!machine.may_reset) words.emplace_back("-no-reboot");
  words.insert(words.end(), machine.more.begin(), machine.more.end());
  return words;
}

ProgramResult run_guest(const GuestMachine& machine) {
  ProgramResult result = run_program(guest_words(machine), "");
  std::erase(result.output, '\r');
  return result;
}

std::vector<std::string> shmem_arguments(const std::string& directory, const std::string& vm,
                                         const std::string& region_socket, unsigned pin) {
  const std::string plugins = std::string(QVM_BINARY_DIR) + "/lib/qvm/";
  const std::string path = directory + "/" + vm + ".json";
  nlohmann::json vdev = {{"id", "shmem0"},
                         {"type", "shmem"},
                         {"name", ""},
                         {"object", plugins + "vdev-shmem.so"},
                         {"place", "test"},
                         {"window", {{"address", 0x80000000u}, {"length", 0x10000000u}}},
                         {"region_socket", region_socket},
                         {"options", nlohmann::json::array()}};
  if (pin == kShmemOnPci) {
    vdev["pci"] = {{"vendor", 0x1c05}, {"device", 1}, {"class", 0x0500}, {"length", 4096}};
  } else {
    vdev["loc"] = {{"space", "memory"}, {"address", kShmemAddress}, {"length", 4096}};
    vdev["interrupt"] = {{"controller", "ioapic"}, {"line", pin}};
  }
  std::ofstream(path) << nlohmann::json{{"version", 1}, {"vm", vm}, {"vdevs", nlohmann::json::array({vdev})}};
  std::vector<std::string> words = {"-plugin", "file=" + plugins + "libqvm-vmhost.so,config=" + path};
  if (pin == kShmemOnPci) words.insert(words.end(), {"-device", "qvm-pci-shmem0,addr=0x1f"});
  return words;
}

bool kvm_works() {
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  return kvm && ::ioctl(kvm.get(), KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
}

}  // namespace qvm::test
