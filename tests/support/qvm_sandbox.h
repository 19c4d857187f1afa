// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The installed programs in a runtime directory of one test's own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/background_program.h"

namespace qvm::test {

inline constexpr const char* kPrograms = QVM_BINARY_DIR "/bin/";

// How to start what a test starts.
struct Launch {
  std::vector<std::string> words{};                                 // of qvm
  std::map<std::string, std::optional<std::string>> environment{};  // beyond QVM_RUNTIME_DIR
  std::optional<uid_t> uid{};
  std::string directory{};
  std::vector<std::string> through{};  // a program that becomes qvm, with its words: {"/usr/bin/prlimit", …}
};

struct Answer {
  int status = BackgroundProgram::kStillRunning;
  std::string out{};
  std::string err{};
};

// Everything that runs for it is gone with this object; a test that expects so must say so: nothing_left().
class QvmSandbox {
 public:
  QvmSandbox();
  ~QvmSandbox();
  QvmSandbox(const QvmSandbox&) = delete;
  QvmSandbox& operator=(const QvmSandbox&) = delete;

  // The directory of the test's files, and the runtime directory in it, which qvm makes.
  const std::string& directory() const { return x_directory; }
  std::string runtime() const { return x_directory + "/r"; }
  // Writes a file and returns its path.
  std::string add(const std::string& name, const std::string& text) const;

  // `qvm WORDS…`, to be waited for by the test.
  ProgramStart program(const Launch& launch) const;
  // `qvm WORDS…` from its start to its end.
  Answer qvm(const std::vector<std::string>& words) const;
  Answer qvm(const Launch& launch) const;

  // The processes of this sandbox whose program is of that name ("qvmd", "qemu-system-x86_64"), or all.
  std::vector<pid_t> processes(const std::string& program = {}) const;
  // Waits until those that run now are gone.
  testing::AssertionResult wait_for_end(const std::vector<pid_t>& processes,
                                        std::chrono::milliseconds patience = std::chrono::seconds(10)) const;
  // No process but in its very last steps, and in the runtime directory nothing but logs.
  testing::AssertionResult nothing_left() const;
  // The same, but what is on its way out has some time for it: when nobody waits for qvmd.
  testing::AssertionResult nothing_left_soon() const;

  // What `qvm ps` prints, as soon as that has this text, or else at the end of its patience: a new qvmd may
  // not have heard from libvirt yet.
  std::string listed(const std::string& text) const;
  // Waits until the set of this VM is up as a whole: a qvmd that is killed earlier has started nothing.
  testing::AssertionResult wait_until_started(const std::string& vm) const;

 private:
  std::string x_directory;
};

// A configuration of one VM that boots an image of ours ("idle", "hello", …) with console and shared memory.
// more: further lines.
std::string guest_config(const std::string& name, const std::string& image, const std::string& cmdline = {},
                         const std::string& more = {});

// "error" findings of check_json.py about text, empty if it follows the schema.
std::string schema_violations(const std::string& schema, const std::string& text);

}  // namespace qvm::test
