// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A QEMU with libqvm-vmhost.so, run by a test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm::testing {

// The plugin and the guests of the build under test.
std::string plugin_path(const std::string& file);
std::string guest_path(const std::string& name);

// Why KVM cannot be used here; empty if it can.
std::string no_kvm();

struct QemuOptions {
  std::string accelerator = "tcg";  // "qtest": no vCPU, the test makes the accesses
  std::string vmhost_config{};      // path of vmhost.json; empty: no plugin
  std::string kernel{};             // empty: none
  std::string append{};             // the kernel's command line
  bool monitor = false;             // standard input and output are QEMU's monitor, not the guest's console
  bool reboots = false;             // a reset of the guest restarts it instead of ending QEMU
  std::vector<std::string> more{};  // further arguments
};

// One QEMU process: killed, if it still runs, when this object goes.
class QemuProcess {
 public:
  struct End {
    int status = -1;     // exit status; 128 + N after signal N; -1: still running at the deadline
    std::string output;  // standard output (the guest's console, or qtest) and standard error, in order
  };

  explicit QemuProcess(const QemuOptions& options);
  ~QemuProcess();
  QemuProcess(const QemuProcess&) = delete;
  QemuProcess& operator=(const QemuProcess&) = delete;

  // Waits for the end of the process.
  End wait(std::chrono::milliseconds patience);
  // True as soon as `text` was output (again: only what came after the last match counts).
  bool wait_for(const std::string& text, std::chrono::milliseconds patience);
  void send(const std::string& text);
  const std::string& output() const { return x_output; }
  pid_t pid() const { return x_pid; }

  // qtest: sends one command and returns the answer's words after "OK"; lines about interrupts go to irqs().
  std::string qtest(const std::string& command);
  std::uint64_t qtest_read(char width, std::uint64_t address);  // 'b', 'w', 'l' or 'q'
  void qtest_write(char width, std::uint64_t address, std::uint64_t value);
  const std::vector<std::string>& irqs() const { return x_irqs; }

 private:
  bool read_more(std::chrono::steady_clock::time_point deadline);

  pid_t x_pid = -1;
  UniqueFd x_in;
  UniqueFd x_out;
  std::string x_output;
  std::size_t x_matched = 0;
  std::vector<std::string> x_irqs;
};

// A directory that goes away with its contents.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return x_path; }
  // Writes a file into it and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string x_path;
};

// Runs a QEMU with this text as vmhost.json until it ends by itself.
QemuProcess::End run_to_the_end(const std::string& config, std::vector<std::string> more = {});

}  // namespace qvm::testing
