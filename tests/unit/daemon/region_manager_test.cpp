// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/region_manager.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace qvm::daemon {
namespace {

// Reserving memory takes until somebody lets it end.
struct Reserving {
  std::promise<void> begun;
  std::promise<void> end;
  std::atomic<int> connections = 0;
  std::atomic<int> open = 0;
  int open_at_the_end = -1;
};

class SlowAdmin final : public regions::Admin {
 public:
  explicit SlowAdmin(Reserving& reserving) : x_reserving(reserving) {
    ++x_reserving.connections;
    ++x_reserving.open;
  }
  ~SlowAdmin() override { --x_reserving.open; }
  Result<std::string> add_vm(const regions::VmPolicy&) override { return std::string(); }
  Result<void> remove_vm(const std::string&) override { return {}; }
  Result<void> add_region(const regions::RegionSpec&) override {
    x_reserving.begun.set_value();
    x_reserving.end.get_future().wait();
    return {};
  }
  Result<void> remove_region(const std::string&) override { return {}; }
  Result<std::string> describe_json() override { return std::string(); }
  Result<std::string> explain_json(const regions::ExplainRequest&) override { return std::string(); }
  Result<std::optional<unsigned>> clients(const std::string&) override { return std::optional(1U); }
  bool leave() override {
    x_reserving.open_at_the_end = x_reserving.open;
    return true;
  }

 private:
  Reserving& x_reserving;
};

TEST(RegionManagerConnections, LongCallHoldsUpNoOther) {
  Reserving reserving;
  RegionManager manager(
      [&]() -> Result<std::unique_ptr<regions::Admin>> { return std::make_unique<SlowAdmin>(reserving); });
  EXPECT_FALSE(manager.opened());
  auto slow = std::async(std::launch::async, [&] { return manager.add_region({}); });
  reserving.begun.get_future().wait();
  EXPECT_TRUE(manager.remove_vm("a"));
  EXPECT_EQ(*manager.clients("moo"), 1U);
  reserving.end.set_value();
  EXPECT_TRUE(slow.get());
  EXPECT_TRUE(manager.ensure());
  EXPECT_EQ(reserving.connections, 2) << "each is used again";
  EXPECT_TRUE(manager.leave());
  EXPECT_EQ(reserving.open_at_the_end, 1) << "qvm-regiond stays while another is open";
  EXPECT_FALSE(manager.leave());
}

}  // namespace
}  // namespace qvm::daemon
