// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace qvm::cli {
namespace {

using testing::ElementsAre;

class SignalsTest : public testing::Test {
 protected:
  SignalsTest() : loop_(std::move(EventLoop::create()).value()) {
    ::sigprocmask(SIG_SETMASK, nullptr, &mask_);
    ::sigaction(SIGHUP, nullptr, &action_);
    ::signal(SIGHUP, SIG_DFL);  // nohup may have started the tests
  }
  ~SignalsTest() override {
    ::sigaction(SIGHUP, &action_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  // What is handed on of these two, the second of which ends the loop.
  std::vector<int> received() {
    std::vector<int> received;
    const Signals signals(*loop_, {SIGHUP, SIGTERM}, [&](int signal) {
      received.push_back(signal);
      if (signal == SIGTERM) loop_->stop();
    });
    ::raise(SIGHUP);
    ::raise(SIGTERM);
    EXPECT_TRUE(loop_->run());
    return received;
  }

  std::unique_ptr<EventLoop> loop_;

 private:
  sigset_t mask_{};
  struct sigaction action_ {};
};

TEST_F(SignalsTest, HandsEachOneOn) {
  EXPECT_THAT(received(), ElementsAre(SIGHUP, SIGTERM));
}

// A signal descriptor receives ignored signals too, as long as they are blocked.
TEST_F(SignalsTest, LeavesAloneWhatWasIgnoredAtTheStart) {
  ::signal(SIGHUP, SIG_IGN);
  EXPECT_THAT(received(), ElementsAre(SIGTERM));
}

}  // namespace
}  // namespace qvm::cli
