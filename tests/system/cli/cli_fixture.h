// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the tests of the command line share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/guest_machine.h"
#include "tests/support/qvm_sandbox.h"
#include "tests/support/this_host.h"

namespace qvm::test {

inline constexpr const char* kExamples = QVM_SOURCE_DIR "/guests/examples/";
inline constexpr const char* kQemu = "qemu-system-x86_64";

// For what does not depend on the accelerator: everything runs under the usual one.
class CliTest : public testing::Test {
 protected:
  QvmSandbox sandbox_;
};

// Under TCG, and under KVM where it can be used.
class AcceleratedCliTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() != "kvm") return;
    if (!kvm_works()) GTEST_SKIP() << "/dev/kvm cannot be used here";
  }
  QvmSandbox sandbox_;
};

inline std::string accelerator_name(const testing::TestParamInfo<std::string>& accelerator) {
  return accelerator.param;
}

// The lines of text that begin with prefix, without it.
std::vector<std::string> lines_with(const std::string& text, const std::string& prefix);

// What qvm complained about.
inline std::vector<std::string> complaints(const Answer& answer) {
  return lines_with(answer.err, "qvm: ");
}

// A user who is not root and owns nothing. Tests that need one are skipped if they cannot become it.
inline constexpr uid_t kNobody = 65534;

}  // namespace qvm::test
