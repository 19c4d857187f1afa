// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/lifecycle_world.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace qvm::test {
namespace {

using namespace lifecycle;
using namespace std::chrono_literals;
using host::DomainEvent;

const std::vector<std::string> kNames = {"a", "b", "c", "d", "e"};

// The domain that an effect is about, if it is about one.
template <class T>
concept AboutADomain = requires(T effect) {
  effect.domain.run;
};

}  // namespace

void LifecycleWorld::step(const Event& event) {
  ++steps_;
  for (const Effect& effect : machine_->step(event, now_)) {
    check(effect);
    begin(effect);
  }
  check_world();
}

void LifecycleWorld::check(const Effect& effect) {
  std::visit(
      [this](const auto& wanted) {
        if constexpr (AboutADomain<std::decay_t<decltype(wanted)>>) {
          const auto vm = machine_->vms().find(wanted.domain.name);
          ASSERT_NE(vm, machine_->vms().end()) << "an effect for nobody";
          EXPECT_EQ(vm->second.run.id, wanted.domain.run) << "an effect for a run that is over";
          EXPECT_FALSE(vm->second.over());
        }
      },
      effect);
}

// What holds after every step.
void LifecycleWorld::check_world() {
  for (const auto& [name, domain] : domains_) {
    const auto vm = machine_->vms().find(name);
    ASSERT_NE(vm, machine_->vms().end()) << "nobody knows the domain of " << name;
    EXPECT_FALSE(vm->second.over()) << name;
    EXPECT_FALSE(vm->second.is<Restarting>() || vm->second.is<Leaving>())
        << name << " has a domain between runs";
  }
  for (const auto& [name, vm] : machine_->vms()) {
    EXPECT_EQ(vm.over(), vm.status.over()) << name;
    if (vm.over() || vm.is<Making>()) continue;
    EXPECT_TRUE(disk_.contains(name) || taken_away_.contains(name)) << name << " is lost with this qvmd";
  }
}

void LifecycleWorld::begin(const Effect& effect) {
  if (const auto* answer = std::get_if<Answer>(&effect)) return note_answer(*answer);
  if (const auto* changed = std::get_if<Changed>(&effect)) return note_state(changed->status);
  if (const auto* arm = std::get_if<Arm>(&effect)) {
    timers_.emplace(now_.ticks + arm->delay, TimerFired{arm->run, arm->stage});
  } else if (const auto* owner = std::get_if<ArmOwner>(&effect)) {
    timers_.emplace(now_.ticks + owner->delay, OwnerOverdue{owner->vm});
  } else if (const auto* again = std::get_if<ArmLookAgain>(&effect)) {
    timers_.emplace(now_.ticks + again->delay, LookAgainDue{});
  } else if (const auto* watch = std::get_if<WatchProcess>(&effect)) {
    watched_[watch->pid] = watch->run;
  } else if (const auto* save = std::get_if<Save>(&effect)) {
    ASSERT_TRUE(disk_.contains(save->vm) || taken_away_.contains(save->vm)) << "progress of nobody";
    if (disk_.contains(save->vm)) disk_.at(save->vm).progress = save->progress;
  } else if (const auto* mark = std::get_if<MarkStarted>(&effect)) {
    disk_.at(mark->domain.name).marked = true;
  } else if (const auto* cancel = std::get_if<CancelMaking>(&effect)) {
    makings_.at(cancel->start).cancelled = true;
  } else if (const auto* conclude = std::get_if<Conclude>(&effect)) {
    EXPECT_TRUE(concluded_.insert(conclude->domain.run).second) << "a run ends twice";
    if (machine_->vms().at(conclude->domain.name).start == 0) {
      EXPECT_FALSE(domains_.contains(conclude->domain.name)) << "it ended, and its domain lives";
    }
    works_.push_back({effect});
  } else if (const auto* set = std::get_if<MakeSet>(&effect)) {
    for (const Description& vm : makings_.at(set->start).vms) {
      EXPECT_FALSE(disk_.contains(vm.name)) << vm.name << " is made over another";
      disk_[vm.name] = {.description = vm, .qvmd = successors_};
      taken_away_.erase(vm.name);
    }
    works_.push_back({effect});
  } else if (std::holds_alternative<MakeAgain>(effect) || std::holds_alternative<LetRun>(effect) ||
             std::holds_alternative<AskPowerOff>(effect) || std::holds_alternative<Destroy>(effect) ||
             std::holds_alternative<Kill>(effect) || std::holds_alternative<CleanUp>(effect) ||
             std::holds_alternative<AskStandstill>(effect) || std::holds_alternative<AskForDomain>(effect) ||
             std::holds_alternative<LookAgain>(effect)) {
    works_.push_back({effect});
  }
}

void LifecycleWorld::note_answer(const Answer& answer) {
  const auto client = unanswered_.find(answer.client);
  ASSERT_NE(client, unanswered_.end()) << "an answer to nobody";
  EXPECT_GT(client->second, 0) << "a second answer";
  --client->second;
}

void LifecycleWorld::note_state(const VmStatus& status) {
  bool& over = over_[status.name];
  EXPECT_FALSE(over && status.state != VmState::starting) << status.name << " goes on after its end";
  over = status.over();
}

void LifecycleWorld::tell(const std::string& domain, DomainEvent::Kind kind, DomainEvent::Stop how) {
  news_.push_back({domains_.at(domain).run, kind, how});
}

void LifecycleWorld::make_domain(const Domain& domain) {
  domains_[domain.name] = {.pid = next_pid_++, .run = domain.run};
  tell(domain.name, DomainEvent::Kind::started);
  tell(domain.name, DomainEvent::Kind::paused);
}

bool LifecycleWorld::end_domain(const std::string& name, DomainEvent::Stop how) {
  const auto found = domains_.find(name);
  if (found == domains_.end()) return false;
  if (const auto run = watched_.find(found->second.pid); run != watched_.end())
    timers_.emplace(now_.ticks + 500ms, ProcessEnded{run->second});
  tell(name, DomainEvent::Kind::stopped, how);
  domains_.erase(found);
  return true;
}

// Processes are there before the call that makes them comes back.
void LifecycleWorld::begin_making(Work& work) {
  if (std::exchange(work.half_done, true)) return;
  if (const auto* set = std::get_if<MakeSet>(&work.effect)) {
    for (const Domain& domain : set->domains) make_domain(domain);
  } else if (const auto* again = std::get_if<MakeAgain>(&work.effect)) {
    make_domain(again->domain);
  }
}

void LifecycleWorld::finish_some_work() {
  if (works_.empty()) return;
  const auto chosen = pick(works_);
  const bool makes =
      std::holds_alternative<MakeSet>(chosen->effect) || std::holds_alternative<MakeAgain>(chosen->effect);
  if (makes && !chosen->half_done && chance(50)) return begin_making(*chosen);
  Work work = std::move(*chosen);
  works_.erase(chosen);
  finish(std::move(work), !peaceful_ && chance(15));
}

void LifecycleWorld::finish(Work work, bool fails) {
  const Failure why = fails ? Failure("it was not to be") : std::nullopt;
  if (const auto* set = std::get_if<MakeSet>(&work.effect)) {
    const SetToMake making = makings_.at(set->start);
    SetMade made{.start = set->start, .why = making.cancelled ? Failure("interrupted") : why};
    if (!made.why) begin_making(work);
    for (const Description& vm : making.vms) {
      made.pids.push_back(domains_.contains(vm.name) ? domains_.at(vm.name).pid : 0);
      if (!made.why) continue;
      end_domain(vm.name, DomainEvent::Stop::destroyed);
      disk_.erase(vm.name);
    }
    makings_.erase(set->start);
    step(made);
  } else if (const auto* again = std::get_if<MakeAgain>(&work.effect)) {
    if (!fails) begin_making(work);
    if (fails) end_domain(again->domain.name, DomainEvent::Stop::destroyed);
    step(MadeAgain{again->domain.run, 0, why});
  } else if (const auto* let = std::get_if<LetRun>(&work.effect)) {
    if (!fails && domains_.contains(let->domain.name)) tell(let->domain.name, DomainEvent::Kind::resumed);
    step(LetRunDone{let->domain.run, why});
  } else if (const auto* ask = std::get_if<AskPowerOff>(&work.effect)) {
    if (!fails) end_domain(ask->domain.name, DomainEvent::Stop::shutdown);
  } else if (const auto* destroy = std::get_if<Destroy>(&work.effect)) {
    if (!fails) end_domain(destroy->domain.name, DomainEvent::Stop::destroyed);
    step(Destroyed{destroy->domain.run, why});
  } else if (const auto* kill = std::get_if<Kill>(&work.effect)) {
    end_domain(kill->domain.name, DomainEvent::Stop::failed);
    step(Killed{kill->domain.run});
  } else if (const auto* conclude = std::get_if<Conclude>(&work.effect)) {
    end_domain(conclude->domain.name, DomainEvent::Stop::destroyed);
    step(Concluded{.run = conclude->domain.run});
  } else if (const auto* clean = std::get_if<CleanUp>(&work.effect)) {
    disk_.erase(clean->domain.name);
    step(CleanedUp{clean->domain.run});
  } else if (const auto* standstill = std::get_if<AskStandstill>(&work.effect)) {
    const auto domain = domains_.find(standstill->domain.name);
    if (domain != domains_.end()) step(StandstillTold{standstill->domain.run, domain->second.standstill});
  } else if (const auto* missed = std::get_if<AskForDomain>(&work.effect)) {
    if (!domains_.contains(missed->domain.name)) step(DomainMissed{missed->domain.run});
  } else if (const auto* look = std::get_if<LookAgain>(&work.effect)) {
    if (peaceful_) {
      for (auto& [name, vm] : disk_) vm.unreadable = false;
    }
    adopt(look->names);
  }
}

// As Launcher::adopt() does it.
Adopted LifecycleWorld::adoption(const std::set<std::string>& names) {
  Adopted found;
  for (const std::string& name : names) {
    const auto one = disk_.find(name);
    if (one == disk_.end()) {
      found.gone.push_back(name);
      continue;
    }
    OnDisk& vm = one->second;
    if (vm.qvmd == successors_) continue;
    const auto domain = domains_.find(name);
    const pid_t pid = domain == domains_.end() ? 0 : domain->second.pid;
    if (vm.unreadable || vm.foreign) {
      found.foreign.push_back({{.name = name},
                               vm.foreign ? "another release" : "cannot be read",
                               !vm.foreign,
                               pid,
                               vm.foreign ? std::nullopt : std::optional(vm.progress.value_or(Progress()))});
      continue;
    }
    Adopted::Vm adopted{vm.description, vm.progress.value_or(Progress()), {}};
    if (domain != domains_.end()) adopted.process = pid;
    found.vms.push_back(adopted);
  }
  return found;
}

// A set that was not started is taken away, and so is what is half-made.
void LifecycleWorld::take_halves_away(const std::set<std::string>& names) {
  std::set<std::string> started;
  for (const auto& [name, vm] : disk_) {
    if (vm.marked) started.insert(vm.description.set);
  }
  for (const std::string& name : names) {
    const auto vm = disk_.find(name);
    if (vm == disk_.end() || vm->second.unreadable || vm->second.foreign) continue;
    if (vm->second.qvmd == successors_) continue;
    if (!started.contains(vm->second.description.set)) {
      domains_.erase(name);
      disk_.erase(vm);
      taken_away_.insert(name);
    } else if (vm->second.progress && vm->second.progress->phase == Progress::Phase::creating) {
      domains_.erase(name);
    }
  }
}

void LifecycleWorld::adopt(const std::set<std::string>& names) {
  take_halves_away(names);
  step(adoption(names));
  for (const std::string& name : names) {
    const auto vm = machine_->vms().find(name);
    if (domains_.contains(name) && vm != machine_->vms().end()) domains_.at(name).run = vm->second.run.id;
  }
}

// qvmd is killed, and the next one comes.
void LifecycleWorld::be_succeeded() {
  ++successors_;
  std::set<std::string> to_be_stopped;
  std::set<std::string> running;
  for (const auto& [name, vm] : machine_->vms()) {
    if (vm.over() || vm.start != 0) continue;
    if (vm.stop) to_be_stopped.insert(name);
    if (vm.is<Running>() && !vm.stop && domains_.contains(name) && !vm.description.owned)
      running.insert(name);
  }
  machine_ = std::make_unique<Machine>();
  news_.clear();
  works_.clear();
  timers_.clear();
  makings_.clear();
  watched_.clear();
  unanswered_.clear();
  concluded_.clear();
  over_.clear();
  taken_away_.clear();
  std::erase_if(domains_, [&](const auto& domain) { return !disk_.contains(domain.first); });
  std::set<std::string> names;
  for (auto& [name, vm] : disk_) {
    vm.unreadable = chance(5);
    vm.foreign = vm.foreign || (vm.marked && chance(2));
    names.insert(name);
  }
  adopt(names);
  for (const std::string& name : to_be_stopped) {
    const auto vm = machine_->vms().find(name);
    if (vm == machine_->vms().end() || vm->second.is<Foreign>()) continue;
    EXPECT_TRUE(vm->second.stop || vm->second.is<Leaving>() || vm->second.over())
        << name << " was to be stopped and is not any more; on disk its phase is "
        << (disk_.at(name).progress ? static_cast<int>(disk_.at(name).progress->phase) : -1);
  }
  for (const std::string& name : running) {
    const auto vm = machine_->vms().find(name);
    ASSERT_NE(vm, machine_->vms().end()) << name;
    EXPECT_TRUE(vm->second.is<Running>() || vm->second.is<Foreign>()) << name << " does not run on";
  }
}

ClientId LifecycleWorld::some_client() {
  if (!unanswered_.empty() && chance(50)) return pick(unanswered_)->first;
  unanswered_[next_client_] = 0;
  return next_client_++;
}

void LifecycleWorld::ask_start() {
  StartAsked asked{.client = some_client(), .start = next_start_++};
  const bool owned = chance(30);
  for (std::size_t count = 1 + below(3); count > 0; --count) {
    Description vm{.name = *pick(kNames), .set = std::to_string(asked.start), .owned = owned};
    if (!asked.vms.empty() && chance(50))
      vm.depends_on.push_back({.kind = config::Condition::Kind::started, .vm = pick(asked.vms)->name});
    if (chance(20)) {
      vm.depends_on.push_back(
          {.kind = config::Condition::Kind::region, .region = "moo", .timeout = std::chrono::seconds(5)});
    }
    if (chance(60))
      vm.restart = {.when = config::RestartPolicy::When::always,
                    .max_restarts = chance(50) ? std::optional(3U) : std::nullopt};
    asked.vms.push_back(vm);
  }
  ++unanswered_[asked.client];
  makings_[asked.start] = {.vms = asked.vms};
  const StartId id = asked.start;
  step(asked);
  if (!machine_->is_starting(id)) makings_.erase(id);
}

void LifecycleWorld::ask_stop() {
  StopAsked asked{.client = some_client()};
  if (chance(70)) asked.names.push_back(*pick(kNames));
  if (chance(30)) asked.names.push_back(*pick(kNames));
  const Ticks timeouts[] = {0s, 5s, 3600s};
  asked.timeout = timeouts[below(3)];
  ++unanswered_[asked.client];
  step(asked);
}

void LifecycleWorld::leave() {
  if (unanswered_.empty()) return;
  const ClientId client = pick(unanswered_)->first;
  unanswered_.erase(client);
  step(ClientGone{client});
}

void LifecycleWorld::have_an_accident() {
  if (domains_.empty()) return;
  const auto domain = pick(domains_);
  const std::string name = domain->first;
  switch (below(6)) {
    case 0:
      end_domain(name, DomainEvent::Stop::failed);
      break;
    case 1:
      tell(name, DomainEvent::Kind::power_off);
      end_domain(name, DomainEvent::Stop::shutdown);
      break;
    case 2:
      tell(name, DomainEvent::Kind::panicked);
      break;
    case 3:
      domain->second.standstill = host::Standstill::stuck;
      tell(name, DomainEvent::Kind::paused);
      break;
    case 4:
      tell(name, DomainEvent::Kind::rebooted);
      break;
    default:
      // Without a word, as it happens to a domain whose process is watched.
      if (watched_.contains(domain->second.pid)) {
        end_domain(name, DomainEvent::Stop::failed);
        news_.pop_back();
      }
  }
}

void LifecycleWorld::pass_time(Ticks time) {
  const Ticks end = now_.ticks + time;
  while (!timers_.empty() && timers_.begin()->first <= end) {
    const Event event = timers_.begin()->second;
    now_.ticks = std::max(now_.ticks, timers_.begin()->first);
    timers_.erase(timers_.begin());
    step(event);
  }
  now_.ticks = end;
  now_.wall_ms += time.count();
  if (chance(2)) now_.wall_ms -= 3'600'000;  // somebody sets the clock
}

void LifecycleWorld::live() {
  const std::uint64_t what = below(100);
  if (what < 25) {
    if (news_.empty()) return;
    const DomainChanged changed = news_.front();
    news_.pop_front();
    step(changed);
  } else if (what < 60) {
    finish_some_work();
  } else if (what < 70) {
    pass_time(chance(5) ? Ticks(200s) : Ticks(below(3000)));
  } else if (what < 80) {
    ask_start();
  } else if (what < 85) {
    ask_stop();
  } else if (what < 87) {
    if (!unanswered_.empty()) step(CancelAsked{pick(unanswered_)->first});
  } else if (what < 89) {
    leave();
  } else if (what < 93) {
    step(Observed{.clients = {{"moo", 1}}});
  } else if (what < 99) {
    have_an_accident();
  } else {
    be_succeeded();
  }
}

void LifecycleWorld::come_to_an_end() {
  peaceful_ = true;
  for (int round = 0; round < 5000 && (machine_->has_vms() || !works_.empty()); ++round) {
    if (round % 100 == 0) step(StopAsked{});
    while (!news_.empty()) {
      const DomainChanged changed = news_.front();
      news_.pop_front();
      step(changed);
    }
    finish_some_work();
    if (works_.empty()) pass_time(1s);
  }
  EXPECT_FALSE(machine_->has_vms());
  EXPECT_TRUE(domains_.empty());
  EXPECT_TRUE(disk_.empty());
  EXPECT_TRUE(makings_.empty());
  for (const auto& [client, unanswered] : unanswered_) EXPECT_EQ(unanswered, 0) << "of client " << client;
}

}  // namespace qvm::test
