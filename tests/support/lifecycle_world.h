// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A world for the life cycle in which everything takes as long as the test likes and may go wrong: a
// hypervisor with domains by name, workers that come back in any order, timers, clients, the disk that a
// successor of qvmd reads. After each step it checks what must hold in every history.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "qvm/lifecycle/machine.h"

namespace qvm::test {

class LifecycleWorld {
 public:
  // choose: makes all decisions, by numbers of any size.
  explicit LifecycleWorld(std::function<std::uint64_t()> choose) : choose_(std::move(choose)) {}

  // Something happens: a request, news, the end of some work, an accident, time, a successor.
  void live();
  // Nothing goes wrong any more and everything is stopped; then nothing may be left.
  void come_to_an_end();

  std::size_t steps() const { return steps_; }
  std::size_t successors() const { return successors_; }

 private:
  struct DomainNow {
    pid_t pid = 0;
    lifecycle::RunId run = 0;
    host::Standstill standstill = host::Standstill::none;
  };
  struct OnDisk {
    lifecycle::Description description{};
    std::optional<lifecycle::Progress> progress{};
    std::size_t qvmd = 0;     // that wrote it, by number
    bool marked = false;      // its set was started
    bool foreign = false;     // another release wrote it
    bool unreadable = false;  // for now
  };
  struct SetToMake {
    std::vector<lifecycle::Description> vms{};
    bool cancelled = false;
  };
  struct Work {
    lifecycle::Effect effect;
    bool half_done = false;
  };

  std::uint64_t below(std::uint64_t limit) { return choose_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Container>
  auto pick(Container& from) {
    return std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())));
  }

  void step(const lifecycle::Event& event);
  void check(const lifecycle::Effect& effect);
  void check_world();

  // What the machine wants done.
  void begin(const lifecycle::Effect& effect);
  void note_answer(const lifecycle::Answer& answer);
  void note_state(const lifecycle::VmStatus& status);
  // Some work comes to its end; fails: in one of the ways that it can.
  void finish_some_work();
  void finish(Work work, bool fails);
  void begin_making(Work& work);
  void make_domain(const lifecycle::Domain& domain);
  bool end_domain(const std::string& name, host::DomainEvent::Stop how);
  void tell(const std::string& domain, host::DomainEvent::Kind kind,
            host::DomainEvent::Stop how = host::DomainEvent::Stop::other);
  void adopt(const std::set<std::string>& names);
  void pass_time(lifecycle::Ticks time);

  void ask_start();
  void ask_stop();
  void leave();
  void have_an_accident();
  void be_succeeded();
  void take_halves_away(const std::set<std::string>& names);
  lifecycle::Adopted adoption(const std::set<std::string>& names);
  lifecycle::ClientId some_client();

  std::function<std::uint64_t()> choose_;
  std::unique_ptr<lifecycle::Machine> machine_ = std::make_unique<lifecycle::Machine>();
  lifecycle::Time now_{lifecycle::Ticks(1000), 1'700'000'000'000};
  std::size_t steps_ = 0;
  std::size_t successors_ = 0;
  bool peaceful_ = false;  // nothing fails

  std::map<std::string, DomainNow> domains_;
  std::map<std::string, OnDisk> disk_;
  std::set<std::string> taken_away_;  // from the disk by a successor, which may have shown them before
  pid_t next_pid_ = 100;
  // Of this qvmd alone.
  std::deque<lifecycle::DomainChanged> news_;
  std::vector<Work> works_;
  std::multimap<lifecycle::Ticks, lifecycle::Event> timers_;
  std::map<lifecycle::StartId, SetToMake> makings_;
  std::map<pid_t, lifecycle::RunId> watched_;
  std::map<lifecycle::ClientId, int> unanswered_;  // of clients that are there
  std::set<lifecycle::RunId> concluded_;
  std::map<std::string, bool> over_;  // by name: its end was told
  lifecycle::StartId next_start_ = 1;
  lifecycle::ClientId next_client_ = 1;
};

}  // namespace qvm::test
