// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Single decisions of the life cycle, where a history says it better than a running daemon: time, and what
// hangs.
#include "qvm/lifecycle/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::lifecycle {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr ClientId kClient = 1;

class MachineTest : public testing::Test {
 protected:
  void happen(const Event& event) {
    for (Effect& effect : machine_.step(event, now_)) effects_.push_back(std::move(effect));
  }
  // The effects of a kind since the last call.
  template <class T>
  std::vector<T> take() {
    std::vector<T> taken;
    for (const Effect& effect : effects_) {
      if (const T* one = std::get_if<T>(&effect)) taken.push_back(*one);
    }
    std::erase_if(effects_, [](const Effect& effect) { return std::holds_alternative<T>(effect); });
    return taken;
  }
  const Vm& vm(const std::string& name) const { return machine_.vms().at(name); }
  void start(const Description& description) {
    happen(StartAsked{kClient, 1, {description}});
    happen(SetMade{.start = 1, .pids = {7}});
    happen(LetRunDone{vm(description.name).run.id, {}});
    effects_.clear();
  }
  // The timer that was armed last fires.
  void fire() {
    const auto armed = take<Arm>();
    ASSERT_FALSE(armed.empty());
    now_.ticks += armed.back().delay;
    happen(TimerFired{armed.back().run, armed.back().stage});
  }
  void end(const std::string& name) {
    const RunId run = vm(name).run.id;
    happen(DomainChanged{run, host::DomainEvent::Kind::stopped, host::DomainEvent::Stop::failed});
    happen(Concluded{.run = run});
  }

  Machine machine_;
  Time now_{1000s, 1'700'000'000'000};
  Effects effects_;
};

TEST_F(MachineTest, RestartIsDueAtTheSameTimeWhateverTheClockSays) {
  start({.name = "a", .restart = {.when = config::RestartPolicy::When::always, .delay = 10s}});
  end("a");
  now_.wall_ms -= 3'600'000;
  const auto armed = take<Arm>();
  EXPECT_EQ(armed.back().delay, 10s);
  const auto saved = take<Save>();
  EXPECT_EQ(saved.back().progress.due.ticks, 1010s);
  // A successor, with the clock set back an hour more.
  Machine next;
  Adopted found;
  found.vms.push_back({vm("a").description, saved.back().progress, {}});
  now_.ticks += 4s;
  now_.wall_ms -= 3'600'000;
  std::vector<Ticks> delays;
  for (const Effect& effect : next.step(found, now_)) {
    if (const Arm* arm = std::get_if<Arm>(&effect)) delays.push_back(arm->delay);
  }
  EXPECT_THAT(delays, testing::ElementsAre(Ticks(6s)));
}

class MachineForeignTest : public MachineTest {
 protected:
  void find_foreign(const std::string& why, std::optional<pid_t> pid = 7) {
    Adopted found;
    found.foreign.push_back({.description = {.name = "a"},
                             .why = why,
                             .for_now = true,
                             .pid = pid,
                             .progress = Progress{.restarts = 3}});
    happen(found);
  }
};

TEST_F(MachineForeignTest, IsLookedAtAgainAfterAStopThatWasRefused) {
  find_foreign("no room");
  EXPECT_THAT(take<ArmLookAgain>(), SizeIs(1));
  happen(StopAsked{kClient, {"a"}, 30s});
  happen(LookAgainDue{});
  fire();
  happen(Destroyed{vm("a").run.id, "no room"});
  EXPECT_THAT(take<Answer>()[0].why.value_or(""), HasSubstr("cannot be stopped: no room"));
  EXPECT_EQ(vm("a").status.state, VmState::foreign);
  EXPECT_THAT(take<ArmLookAgain>(), SizeIs(1));
  const auto saved = take<Save>();
  ASSERT_THAT(saved, SizeIs(2));
  EXPECT_TRUE(saved[0].progress.stop_wanted);
  EXPECT_EQ(saved[0].progress.restarts, 3U);
  EXPECT_EQ(saved[1].progress, (Progress{.restarts = 3})) << "as it was";
}

TEST_F(MachineForeignTest, IsOverIfItTurnsOutToBeNone) {
  find_foreign("no answer");
  happen(Adopted{.gone = {"a"}});
  EXPECT_EQ(vm("a").status.state, VmState::failed);
  EXPECT_EQ(vm("a").status.outcome, Outcome::not_started);
  happen(LookAgainDue{});
  EXPECT_THAT(take<LookAgain>(), SizeIs(0));
}

TEST_F(MachineForeignTest, IsTheSameWhateverNumbersItsReasonHas) {
  find_foreign("61 of 64 files are open");
  const RunId run = vm("a").run.id;
  find_foreign("62 of 64 files are open");
  EXPECT_EQ(vm("a").run.id, run);
  find_foreign("no room");
  EXPECT_EQ(vm("a").status.reason, "no room");
}

// Of a VM of somebody else's libvirt only that libvirt knows.
TEST_F(MachineForeignTest, IsSaidToHaveNoProcessOnlyIfThatIsKnown) {
  find_foreign("no answer", std::nullopt);
  EXPECT_EQ(vm("a").status.reason, "no answer");
  find_foreign("no room", 0);
  EXPECT_EQ(vm("a").status.reason, "no room; it has no process");
}

// qvmd was killed between the watchdog's bite and the end of the process.
TEST_F(MachineTest, WhyAVmIsBeingEndedIsKnownToASuccessor) {
  start({.name = "a"});
  happen(DomainChanged{vm("a").run.id, host::DomainEvent::Kind::watchdog, {}});
  const auto saved = take<Save>();
  ASSERT_FALSE(saved.empty());
  for (const std::optional<pid_t> process : {std::optional<pid_t>(7), std::optional<pid_t>()}) {
    Machine next;
    Adopted found;
    found.vms.push_back({vm("a").description, saved.back().progress, process});
    next.step(found, now_);
    const RunId run = next.vms().at("a").run.id;
    next.step(Destroyed{run, {}}, now_);
    next.step(Concluded{.run = run, .words = {.powered_off = true}}, now_);
    next.step(CleanedUp{run}, now_);
    EXPECT_EQ(next.vms().at("a").status.outcome, Outcome::watchdog);
  }
}

TEST_F(MachineTest, WhoWaitsIsToldIfNothingTakesAwayWhatARunHasLeft) {
  start({.name = "a"});
  happen(StopAsked{kClient, {"a"}, 0s});
  happen(Destroyed{vm("a").run.id, {}});
  EXPECT_THAT(take<Answer>(), IsEmpty());
  fire();
  const auto answers = take<Answer>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_THAT(answers[0].why.value_or(""),
              HasSubstr("VM 'a': what it has left could not be taken away within 60 s"));
  EXPECT_THAT(vm("a").status.reason, HasSubstr("does not answer"));
  // Its name stays taken, and a later stop is not made to wait.
  happen(StartAsked{kClient, 2, {{.name = "a"}}});
  EXPECT_THAT(take<Answer>()[0].why.value_or(""), HasSubstr("a VM 'a' is stopping already"));
  happen(StopAsked{kClient, {"a"}, 0s});
  EXPECT_THAT(take<Answer>(), SizeIs(1));
  // It comes to its end all the same.
  happen(Concluded{.run = vm("a").run.id});
  happen(CleanedUp{vm("a").run.id});
  EXPECT_TRUE(vm("a").over());
  EXPECT_THAT(take<Answer>(), IsEmpty());
}

// A process that hangs in the kernel, or a libvirt that waits for one, keeps neither `up` nor `down`.
TEST_F(MachineTest, WhoWaitsIsToldIfAStartDoesNotComeToAnEnd) {
  constexpr ClientId kOther = 2;
  happen(StartAsked{kClient, 1, {{.name = "a"}}});
  happen(StopAsked{kOther, {"a"}, 0s});
  const RunId run = vm("a").run.id;
  for (int kills = 0; kills < 3; ++kills) {
    fire();
    EXPECT_THAT(take<Kill>(), SizeIs(1));
    EXPECT_THAT(take<Answer>(), IsEmpty());
    happen(Killed{run});
  }
  fire();
  const auto answers = take<Answer>();
  ASSERT_THAT(answers, SizeIs(2));
  for (const Answer& answer : answers)
    EXPECT_THAT(answer.why.value_or(""), HasSubstr("VM 'a': its start does not come to an end"))
        << answer.client;
  EXPECT_EQ(vm("a").status.state, VmState::stopping);
  // It is tried on, and whoever asks later hears it at once.
  EXPECT_THAT(take<Kill>(), SizeIs(1));
  happen(StopAsked{kOther, {"a"}, 0s});
  EXPECT_THAT(take<Answer>(), SizeIs(1));
  happen(StartAsked{kClient, 2, {{.name = "a"}}});
  EXPECT_THAT(take<Answer>()[0].why.value_or(""), HasSubstr("a VM 'a' is stopping already"));
  // Made after all, it does not run: both were told that it does not.
  happen(Killed{run});
  happen(SetMade{.start = 1, .pids = {7}});
  EXPECT_THAT(take<LetRun>(), IsEmpty());
  EXPECT_THAT(take<Destroy>(), SizeIs(1));
}

// Libvirt tells of both as of a shutdown.
TEST_F(MachineTest, SignalToAProcessIsToldFromAPowerOff) {
  using host::DomainEvent;
  const auto outcome_after = [this](const std::string& name, const std::vector<DomainEvent::Kind>& kinds) {
    start({.name = name});
    const RunId run = vm(name).run.id;
    for (const DomainEvent::Kind kind : kinds) happen(DomainChanged{run, kind});
    happen(DomainChanged{run, DomainEvent::Kind::stopped, DomainEvent::Stop::shutdown});
    happen(Concluded{.run = run});
    happen(CleanedUp{run});
    return vm(name).status.outcome;
  };
  EXPECT_EQ(outcome_after("a", {DomainEvent::Kind::power_off}), Outcome::shutdown);
  EXPECT_EQ(outcome_after("b", {DomainEvent::Kind::signalled}), Outcome::died);
  EXPECT_EQ(outcome_after("c", {DomainEvent::Kind::power_off, DomainEvent::Kind::signalled}),
            Outcome::shutdown);
}

TEST_F(MachineTest, EndsOfEarlierRunsChangeNothing) {
  start({.name = "a", .restart = {.when = config::RestartPolicy::When::always}});
  const RunId first = vm("a").run.id;
  end("a");
  fire();
  ASSERT_TRUE(vm("a").is<Making>());
  effects_.clear();
  happen(DomainChanged{first, host::DomainEvent::Kind::stopped, host::DomainEvent::Stop::failed});
  happen(LetRunDone{first, "late"});
  happen(Destroyed{first, {}});
  happen(Concluded{.run = first});
  happen(CleanedUp{first});
  happen(StandstillTold{first, host::Standstill::panicked});
  happen(DomainMissed{first});
  happen(ProcessEnded{first});
  happen(Killed{first});
  EXPECT_THAT(effects_, IsEmpty());
  EXPECT_TRUE(vm("a").is<Making>());
}

TEST_F(MachineTest, TimeOfMakingDoesNotCountAgainstLettingRun) {
  happen(StartAsked{kClient, 1, {{.name = "a"}}});
  const auto making = take<Arm>();
  happen(SetMade{.start = 1, .pids = {7}});
  ASSERT_TRUE(vm("a").is<LettingRun>());
  happen(TimerFired{making[0].run, making[0].stage});
  EXPECT_THAT(take<Kill>(), IsEmpty());
}

TEST_F(MachineTest, NameOfASetThatIsBeingStartedIsNobodyElses) {
  Description last{.name = "b"};
  last.depends_on.push_back({.kind = config::Condition::Kind::region, .region = "moo"});
  happen(StartAsked{kClient, 1, {{.name = "a"}, last}});
  happen(SetMade{.start = 1, .pids = {7, 8}});
  happen(LetRunDone{vm("a").run.id, {}});
  end("a");
  happen(CleanedUp{vm("a").run.id});
  ASSERT_TRUE(vm("a").over());
  ASSERT_TRUE(vm("b").is<Waiting>());
  happen(StartAsked{2, 2, {{.name = "a"}}});
  EXPECT_THAT(take<Answer>()[0].why.value_or(""), HasSubstr("is still being started"));
}

}  // namespace
}  // namespace qvm::lifecycle
