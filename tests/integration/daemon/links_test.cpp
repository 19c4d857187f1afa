// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Links between network interfaces: when they are made, and what the death of one end does to the other.
#include <gmock/gmock.h>

#include "qvm/base/unix_socket.h"
#include "qvm/daemon/host/links.h"
#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using daemon::Reply;
using daemon::Request;
using daemon::VmState;
using host::DomainEvent;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LinksTest : public DaemonTest {
 protected:
  // VMs, each with the peer of its network interface.
  void start(const std::vector<std::pair<std::string, std::string>>& vms) {
    Request request{.operation = Request::Operation::start};
    for (const auto& [vm, peer] : vms)
      request.plans.push_back(plan(vm, {.depends_on = {}, .restart = kAlwaysSoon, .peer = peer}));
    const Reply reply = ask(kClient, request);
    ASSERT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  }
  // One link is plugged in at each end, and it is the same.
  bool linked() const {
    return host_.plugged_ends("a") == 1 && host_.plugged_ends("b") == 1 && host_.carries("a", "b") &&
           host_.carries("b", "a");
  }
  void wait_for_run(const std::string& vm, unsigned run) {
    run_until([&] { return host_.starts_of(vm) == run && host_.resumed().contains(vm); });
  }
  void end_all() {
    ask(kOther, {.operation = Request::Operation::stop});
    run_until([this] { return supervisor_->idle(); });
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(complaints_, IsEmpty());
  }
};

TEST_F(LinksTest, JoinTheVmsOfASet) {
  start({{"a", "b"}, {"b", "a"}});
  run_until([this] { return linked(); });
  EXPECT_THAT(log_, Contains(HasSubstr("net0 is linked to net0 of VM 'a'")));
  end_all();
}

TEST_F(LinksTest, WaitForTheOtherEnd) {
  start({{"b", "a"}});
  EXPECT_EQ(host_.plugged_ends("b"), 1U) << "an interface without a link would hold its guest up";
  start({{"a", "b"}});
  run_until([this] { return linked(); });
  end_all();
}

TEST_F(LinksTest, ComeBackWithAnEndThatDied) {
  start({{"a", "b"}, {"b", "a"}});
  for (unsigned run = 2; run < 12; ++run) {
    host_.end("a", DomainEvent::Stop::failed);
    wait_for_run("a", run);
    run_until([this] { return linked(); });
  }
  EXPECT_EQ(host_.starts_of("b"), 1U);
  end_all();
}

TEST_F(LinksTest, ComeBackWithANewDaemon) {
  start({{"a", "b"}, {"b", "a"}});
  run_until([this] { return linked(); });
  // It cannot know how far the one before had come.
  log_.clear();
  restart();
  EXPECT_THAT(log_, Contains(HasSubstr("is linked")));
  run_until([this] { return linked(); });
  host_.end("b", DomainEvent::Stop::failed);
  wait_for_run("b", 2);
  run_until([this] { return linked(); });
  end_all();
}

TEST_F(LinksTest, NeedBothEndsToNameEachOther) {
  start({{"a", "b"}, {"b", "c"}, {"c", "a"}});
  EXPECT_EQ(host_.plugged_ends("a"), 1U);
  EXPECT_FALSE(host_.carries("a", "b") || host_.carries("b", "a") || host_.carries("c", "a"));
  EXPECT_THAT(log_, Not(Contains(HasSubstr("is linked"))));
  end_all();
}

TEST_F(LinksTest, PeerThatDoesNotAnswerHoldsNobodyUp) {
  start({{"a", "b"}, {"b", "a"}});
  run_until([this] { return linked(); });
  host_.be_silent("b");
  for (unsigned run = 2; run < 5; ++run) {
    host_.end("a", DomainEvent::Stop::failed);
    wait_for_run("a", run);
  }
  // Only its own end lets go of what still waits for it.
  host_.end("b", DomainEvent::Stop::failed);
  wait_for_run("b", 2);
  run_until([this] { return linked(); });
  end_all();
}

// A daemon that is killed between any two steps leaves nothing that the next one stumbles over.
TEST(Links, ArePluggedInWhateverWasLeft) {
  plan::NetworkInterface network{"net0", "02:00:00:00:00:01", "", vdevs::LinkEnd{"n0", "b", "n0", 1}, ""};
  class Host final : public host::Hypervisor {
   public:
    FakeMonitor monitor;
    Result<void> command(const std::string&, const std::string& json, int descriptor) override {
      return monitor.execute(json, descriptor);
    }
    Result<host::DomainInfo> start(const std::string&, Begin, const std::vector<host::PassedFile>&) override {
      return host::DomainInfo{};
    }
    Result<void> resume(const std::string&) override { return {}; }
    host::Standstill standstill(const std::string&) override { return host::Standstill::none; }
    Result<void> destroy(const std::string&) override { return {}; }
    Result<void> shutdown(const std::string&) override { return {}; }
    Result<std::vector<host::DomainInfo>> list() override { return std::vector<host::DomainInfo>(); }
    host::LastWords last_words(const std::string&) override { return {}; }
  };
  Host host;
  const auto plug = [&](int far_from_all) {
    auto link = make_socket_pair(SOCK_DGRAM);
    EXPECT_TRUE(link);
    std::vector<daemon::PluggedEnd> ends;
    ends.push_back({network, std::move(link->one)});
    host.monitor.obey(far_from_all);
    return daemon::plug_in(host, "a", ends).has_value();
  };
  for (int steps = 0; steps < 9; ++steps) {
    for (int later = 0; later < 9; ++later) {
      plug(steps);
      plug(later);
      EXPECT_TRUE(plug(-1)) << steps << " and " << later;
      EXPECT_EQ(host.monitor.ends(1).size(), 1U) << steps << " and " << later;
      EXPECT_EQ(host.monitor.ids().size(), 2U) << steps << " and " << later;
    }
  }
}

}  // namespace
}  // namespace qvm::test
