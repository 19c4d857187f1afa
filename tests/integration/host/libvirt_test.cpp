// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor interface over libvirt's test driver, which keeps its domains in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "qvm/host/hypervisor.h"

namespace qvm::host {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class Events {
 public:
  EventSink sink() {
    return [this](const DomainEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }
  bool wait_for(const std::string& domain, DomainEvent::Kind kind,
                DomainEvent::Stop stop = DomainEvent::Stop::other) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      for (const DomainEvent& event : events_) {
        if (event.domain == domain && event.kind == kind && event.stop == stop) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DomainEvent> events_;
};

std::string domain_xml(const std::string& name) {
  return "<domain type='test'><name>" + name +
         "</name><memory unit='MiB'>16</memory><os><type>hvm</type></os></domain>";
}

std::vector<std::string> names(Hypervisor& hypervisor) {
  std::vector<std::string> found;
  const auto domains = hypervisor.list();
  EXPECT_TRUE(domains);
  for (const DomainInfo& info : domains.value_or(std::vector<DomainInfo>())) found.push_back(info.name);
  return found;
}

class LibvirtTestDriver : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_libvirt({.uri = "test:///default"}, events_.sink());
    ASSERT_TRUE(opened) << opened.error().message();
    hypervisor_ = std::move(*opened);
  }

  Events events_;
  std::unique_ptr<Hypervisor> hypervisor_;
};

TEST_F(LibvirtTestDriver, StartsListsAndDestroysADomain) {
  const auto started = hypervisor_->start(domain_xml("one"));

  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(started->name, "one");
  EXPECT_THAT(names(*hypervisor_), Contains("one"));
  EXPECT_TRUE(events_.wait_for("one", DomainEvent::Kind::started));

  EXPECT_TRUE(hypervisor_->destroy("one"));

  EXPECT_TRUE(events_.wait_for("one", DomainEvent::Kind::stopped, DomainEvent::Stop::destroyed));
  EXPECT_THAT(names(*hypervisor_), Not(Contains("one")));
}

TEST_F(LibvirtTestDriver, ReportsTheGuestsShutdown) {
  ASSERT_TRUE(hypervisor_->start(domain_xml("two")));
  EXPECT_TRUE(hypervisor_->shutdown("two"));
  EXPECT_TRUE(events_.wait_for("two", DomainEvent::Kind::stopped, DomainEvent::Stop::shutdown));
}

TEST_F(LibvirtTestDriver, DestroyingWhatIsNotThereSucceeds) {
  EXPECT_TRUE(hypervisor_->destroy("nobody"));
}

TEST_F(LibvirtTestDriver, GivesLibvirtsReasonForARefusal) {
  const auto started = hypervisor_->start("<domain type='test'><name>broken</name>");
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), Not(HasSubstr("no reason")));
  EXPECT_NE(started.error().message(), "");
}

TEST_F(LibvirtTestDriver, RefusesANameInUse) {
  ASSERT_TRUE(hypervisor_->start(domain_xml("three")));
  const auto again = hypervisor_->start(domain_xml("three"));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr("three"));
  EXPECT_TRUE(hypervisor_->destroy("three"));
}

TEST(Libvirt, NamesTheUriThatItRefuses) {
  const auto opened = open_libvirt({.uri = "nonsense:///nowhere"}, [](const DomainEvent&) {});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("libvirt refuses 'nonsense:///nowhere': "));
}

TEST(Libvirt, CanBeOpenedAgainAfterItWasClosed) {
  for (int round = 0; round < 3; ++round) {
    Events events;
    auto opened = open_libvirt({.uri = "test:///default"}, events.sink());
    ASSERT_TRUE(opened) << opened.error().message();
    ASSERT_TRUE((*opened)->start(domain_xml("again")));
    EXPECT_TRUE(events.wait_for("again", DomainEvent::Kind::started));
    EXPECT_TRUE((*opened)->destroy("again"));
  }
}

}  // namespace
}  // namespace qvm::host
