// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/workers.h"

#include <gmock/gmock.h>

#include <future>
#include <stdexcept>

namespace qvm::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class WorkersTest : public testing::Test {
 protected:
  WorkersTest() : loop_(std::move(*EventLoop::create())), workers_(*loop_) {}
  // Runs the work and the loop, until there is a result.
  Result<int> result_of(Workers::Milliseconds deadline, std::function<Result<int>()> work) {
    Result<int> result = fail("nothing was told");
    workers_.run<int>(deadline, std::move(work), [&](Result<int> told) {
      result = std::move(told);
      loop_->stop();
    });
    EXPECT_TRUE(workers_.busy());
    EXPECT_TRUE(loop_->run());
    return result;
  }

  std::unique_ptr<EventLoop> loop_;
  Workers workers_;
};

TEST_F(WorkersTest, BringBackTheResult) {
  EXPECT_EQ(result_of(Workers::kNoDeadline, [] { return 7; }), 7);
  EXPECT_FALSE(workers_.busy());
  EXPECT_TRUE(workers_.wait(10s));
}

TEST_F(WorkersTest, HaveFailedIfTheyThrow) {
  const auto result =
      result_of(Workers::kNoDeadline, []() -> Result<int> { throw std::runtime_error("oh"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "internal error: oh");
}

TEST_F(WorkersTest, AreGivenUpAtTheDeadline) {
  std::promise<void> release;
  std::vector<std::string> told;
  workers_.run<int>(
      1ms,
      [&] {
        release.get_future().wait();
        return 1;
      },
      [&](const Result<int>& result) {
        told.push_back(result ? "result" : result.error().message());
        loop_->stop();
      });
  EXPECT_TRUE(loop_->run());
  EXPECT_THAT(told, ElementsAre(HasSubstr("no answer within 1 ms")));
  EXPECT_FALSE(workers_.busy()) << "nobody waits for it any more";
  EXPECT_FALSE(workers_.wait(0ms)) << "its thread is still there";
  // A result that comes after all is nobody's.
  release.set_value();
  EXPECT_TRUE(workers_.wait(10s));
  loop_->post([this] { loop_->stop(); });
  EXPECT_TRUE(loop_->run());
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(WorkersTest, KeepTheirResultIfItComesInTime) {
  EXPECT_EQ(result_of(1h, [] { return 3; }), 3);
}

}  // namespace
}  // namespace qvm::daemon
