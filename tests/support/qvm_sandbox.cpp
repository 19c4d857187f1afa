// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/qvm_sandbox.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/run_program.h"
#include "tests/support/this_host.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestCommand{30};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream whole;
  whole << file.rdbuf();
  return whole.str();
}

std::string program_of(pid_t pid) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).filename().string();
}

std::string describe(const std::vector<pid_t>& processes) {
  std::string text;
  for (const pid_t pid : processes) text += " " + program_of(pid) + "[" + std::to_string(pid) + "]";
  return text;
}

}  // namespace

// Short: the path of a socket is limited to 107 bytes. Open to the VMs' user.
QvmSandbox::QvmSandbox() : x_directory("/tmp/qvms.XXXXXX") {
  if (::mkdtemp(x_directory.data()) == nullptr) ADD_FAILURE() << "no directory under /tmp";
  fs::permissions(x_directory, fs::perms(0755));
}

QvmSandbox::~QvmSandbox() {
  // qvmd first, so that it starts nothing for those that go.
  for (const pid_t pid : processes("qvmd")) ::kill(pid, SIGKILL);
  const std::vector<pid_t> rest = processes();
  for (const pid_t pid : rest) ::kill(pid, SIGKILL);
  if (const auto ended = wait_for_end(rest); !ended) ADD_FAILURE() << ended.message();
  std::error_code ignored;
  fs::remove_all(x_directory, ignored);
}

std::string QvmSandbox::add(const std::string& name, const std::string& text) const {
  std::string path = x_directory + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

ProgramStart QvmSandbox::program(const Launch& launch) const {
  ProgramStart start{.words = launch.through,
                     .environment = launch.environment,
                     .uid = launch.uid,
                     .directory = launch.directory};
  start.words.push_back(std::string(kPrograms) + "qvm");
  start.words.insert(start.words.end(), launch.words.begin(), launch.words.end());
  start.environment.try_emplace("QVM_RUNTIME_DIR", runtime());
  return start;
}

Answer QvmSandbox::qvm(const std::vector<std::string>& words) const {
  return qvm(Launch{.words = words});
}

Answer QvmSandbox::qvm(const Launch& launch) const {
  BackgroundProgram program(this->program(launch));
  const int status = program.wait(kLongestCommand);
  return {.status = status, .out = program.out(), .err = program.err()};
}

// A process belongs here if it was started with the runtime directory: as a word, or in its environment.
std::vector<pid_t> QvmSandbox::processes(const std::string& program) const {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size())
      continue;
    if (pid == ::getpid() || (!program.empty() && program_of(pid) != program)) continue;
    const bool ours = read_file(entry.path() / "cmdline").find(runtime()) != std::string::npos ||
                      read_file(entry.path() / "environ").find(runtime()) != std::string::npos;
    if (ours) found.push_back(pid);
  }
  return found;
}

testing::AssertionResult QvmSandbox::wait_for_end(const std::vector<pid_t>& processes,
                                                  std::chrono::milliseconds patience) const {
  const auto deadline = Clock::now() + on_this_host(patience);
  for (const pid_t pid : processes) {
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process) continue;
    pollfd ended{process.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (::poll(&ended, 1, static_cast<int>(std::max<long>(0, left))) == 0)
      return testing::AssertionFailure() << "still running:" << describe({pid});
  }
  return testing::AssertionSuccess();
}

std::string QvmSandbox::listed(const std::string& text) const {
  const auto end = std::chrono::steady_clock::now() + on_this_host(std::chrono::seconds(10));
  for (;;) {
    std::string list = qvm({"ps"}).out;
    if (list.find(text) != std::string::npos || std::chrono::steady_clock::now() > end) return list;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

testing::AssertionResult QvmSandbox::wait_until_started(const std::string& vm) const {
  constexpr std::chrono::milliseconds kPeriod{5};
  constexpr std::chrono::seconds kPatience{20};
  const std::string mark = runtime() + "/vm/" + vm + "/started";
  for (const auto end = Clock::now() + on_this_host(kPatience); Clock::now() < end;
       std::this_thread::sleep_for(kPeriod)) {
    if (fs::exists(mark)) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << mark << " did not come";
}

testing::AssertionResult QvmSandbox::nothing_left() const {
  // The last steps of a process, after all that can be seen of it is gone.
  constexpr std::chrono::milliseconds kLastSteps{500};
  if (auto ended = wait_for_end(processes(), kLastSteps); !ended) return ended;
  if (const auto alive = processes(); !alive.empty())
    return testing::AssertionFailure() << "still running:" << describe(alive);
  std::string left;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runtime(), error)) {
    if (entry.path().filename() != "log") left += " " + entry.path().filename().string();
  }
  if (!left.empty()) return testing::AssertionFailure() << "left in the runtime directory:" << left;
  return testing::AssertionSuccess();
}

testing::AssertionResult QvmSandbox::nothing_left_soon() const {
  // Whoever ends may start somebody who cleans up: until no one is there.
  for (std::vector<pid_t> alive = processes(); !alive.empty(); alive = processes()) {
    if (auto ended = wait_for_end(alive); !ended) return ended;
  }
  return nothing_left();
}

std::string guest_config(const std::string& name, const std::string& image, const std::string& cmdline,
                         const std::string& more) {
  return "system " + name + "\nram 64M\ncpu\nload \"$env{QVM_GUESTS}/" + image + ".elf\"\ncmdline \"" +
         "shm=0x1c050000 irq=10 " + cmdline + "\"\n" + more +
         "vdev ioapic loc 0xfec00000 intr apic name myioapic\n"
         "vdev ser8250 intr myioapic:4\n"
         "vdev shmem loc 0x1c050000 intr myioapic:10\n";
}

std::string schema_violations(const std::string& schema, const std::string& text) {
  const ProgramResult result = run_program(
      {"python3", QVM_SOURCE_DIR "/tests/support/check_json.py", QVM_SOURCE_DIR "/schemas/" + schema}, text);
  return result.status == 0 ? std::string() : "does not follow " + schema + ": " + result.output;
}

}  // namespace qvm::test
