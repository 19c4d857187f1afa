// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A qvmd that comes after one that was killed: policies, order and what is half-done are in its hands.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using config::Condition;
using config::RestartPolicy;
using daemon::Outcome;
using daemon::Reply;
using daemon::Request;
using daemon::VmState;
using host::DomainEvent;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AdoptTest : public DaemonTest {
 protected:
  void start(const RestartPolicy& restart) {
    const Reply reply =
        ask(kClient, {.operation = Request::Operation::start,
                      .plans = {plan("a", {.restart = restart}),
                                plan("b", {.depends_on = {{.kind = Condition::Kind::started, .vm = "a"}}})}});
    ASSERT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  }
  // What happens between two qvmds.
  void without_qvmd(const std::function<void()>& events) {
    supervisor_.reset();
    events();
    restart();
  }
  void wait_for(const std::string& vm, VmState state) {
    run_until([&] { return status(vm).state == state; });
  }
  void expect_nothing_left() {
    run_until([this] { return supervisor_->idle(); });
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(regions_.vms, IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
  }

  static constexpr RestartPolicy kSoon{
      .when = RestartPolicy::When::on_failure, .delay = 1ms, .max_delay = 1ms};
  static constexpr RestartPolicy kLate{.when = RestartPolicy::When::always, .delay = 1h, .max_delay = 1h};
};

TEST_F(AdoptTest, VmThatDiedMeanwhileIsToldAsFailed) {
  start({});
  without_qvmd([this] { host_.end("a", DomainEvent::Stop::failed); });
  wait_for("a", VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::died);
  EXPECT_EQ(status("b").state, VmState::running);
  EXPECT_THAT(log_, Contains("VM 'a': is taken over: it ended while no qvmd ran"));
  EXPECT_THAT(log_, Contains("VM 'b': is taken over: running"));
}

// What libvirt does with a domain that ends just while it is taken over.
TEST_F(AdoptTest, VmThatGoesWithoutAnEventIsMissed) {
  start({});
  without_qvmd([] {});
  host_.forget("a");
  wait_for("a", VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::died);
  EXPECT_EQ(status("b").state, VmState::running);
}

TEST_F(AdoptTest, VmThatPowersOffWithoutFurtherEventHasPoweredOff) {
  start({});
  without_qvmd([] {});
  host_.happen("a", DomainEvent::Kind::power_off);
  host_.forget("a");
  wait_for("a", VmState::stopped);
  EXPECT_EQ(status("a").outcome, Outcome::shutdown);
}

TEST_F(AdoptTest, VmThatDiedMeanwhileComesBack) {
  start(kSoon);
  without_qvmd([this] { host_.end("a", DomainEvent::Stop::failed); });
  run_until([this] { return host_.starts_of("a") == 2 && status("a").state == VmState::running; });
  EXPECT_EQ(status("a").restarts, 1U);
  EXPECT_EQ(host_.starts_of("b"), 1U);
  EXPECT_THAT(regions_.vms, ElementsAre("a", "b"));
}

TEST_F(AdoptTest, PolicyStillCountsAfterwards) {
  start(kSoon);
  restart();
  EXPECT_EQ(status("a").state, VmState::running);
  host_.happen("a", DomainEvent::Kind::panicked);
  run_until([this] { return host_.starts_of("a") == 2 && status("a").state == VmState::running; });
  restart();
  EXPECT_EQ(status("a").restarts, 1U);
}

TEST_F(AdoptTest, GuestThatPanickedMeanwhileIsFound) {
  start({});
  without_qvmd([this] { host_.get_stuck("a", host::Standstill::panicked); });
  wait_for("a", VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::panicked);
}

TEST_F(AdoptTest, WatchdogThatBitMeanwhileBringsItBack) {
  start(kSoon);
  without_qvmd([this] { host_.get_stuck("a", host::Standstill::watchdog); });
  run_until([this] { return host_.starts_of("a") == 2 && status("a").state == VmState::running; });
  EXPECT_THAT(log_, Contains(HasSubstr("VM 'a': has ended: watchdog")));
}

TEST_F(AdoptTest, RestartThatIsDueLaterStaysDue) {
  start(kLate);
  host_.happen("a", DomainEvent::Kind::panicked);
  wait_for("a", VmState::restarting);
  const std::int64_t due = status("a").due;
  restart();
  EXPECT_EQ(status("a").state, VmState::restarting);
  EXPECT_EQ(status("a").outcome, Outcome::panicked);
  EXPECT_NEAR(static_cast<double>(status("a").due), static_cast<double>(due), 1.0);
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop}).kind, Reply::Kind::done);
  expect_nothing_left();
}

TEST_F(AdoptTest, RestartThatWasUnderWayIsBegunAnew) {
  start(kSoon);
  host_.hold_starts();
  host_.end("a", DomainEvent::Stop::failed);
  wait_for("a", VmState::starting);
  // The qvmd before this one was killed here; its worker comes to its end all the same in this process.
  host_.release_starts();
  supervisor_.reset();
  ASSERT_TRUE(exists("vm/a/progress.json"));
  restart();
  run_until([this] { return status("a").state == VmState::running && host_.resumed().contains("a"); });
  EXPECT_EQ(host_.starts_of("a"), 3U) << "what was half-made is not trusted";
  EXPECT_THAT(host_.domains(), ElementsAre("a", "b"));
}

TEST_F(AdoptTest, StopOfAVmThatIsBeingMadeAgainIsNotForgotten) {
  start(kSoon);
  host_.hold_starts();
  host_.end("a", DomainEvent::Stop::failed);
  wait_for("a", VmState::starting);
  supervisor_->handle(kOther, {.operation = Request::Operation::stop});
  host_.release_starts();
  restart();
  expect_nothing_left();
  EXPECT_EQ(status("a").outcome, Outcome::stopped);
}

// How it ended is known, and only its files are still there: qvmd was killed before it took them away.
TEST_F(AdoptTest, VmThatHasEndedDoesNotComeBack) {
  start(kSoon);
  std::filesystem::copy(root_ + "/vm/a", root_ + "/aside");
  host_.end("a", DomainEvent::Stop::shutdown);
  run_until([this] { return !exists("vm/a"); });
  without_qvmd([this] {
    std::filesystem::rename(root_ + "/aside", root_ + "/vm/a");
    nlohmann::json progress;
    std::ifstream(root_ + "/vm/a/progress.json") >> progress;
    progress["phase"] = "leaving";
    progress["outcome"] = "shutdown";
    std::ofstream(root_ + "/vm/a/progress.json", std::ios::trunc) << progress;
  });
  wait_for("a", VmState::stopped);
  EXPECT_EQ(status("a").outcome, Outcome::shutdown);
  EXPECT_EQ(host_.starts_of("a"), 1U);
}

// `qvm ps` afterwards: the qvmd that saw it has ended with its last VM.
TEST_F(AdoptTest, FailureIsRememberedUntilAVmOfThatNameIsStarted) {
  start({});
  host_.happen("a", DomainEvent::Kind::panicked);
  wait_for("a", VmState::failed);
  ask(kOther, {.operation = Request::Operation::stop});
  restart();
  EXPECT_EQ(status("a").state, VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::panicked);
  EXPECT_FALSE(supervisor_->has_vms());
  start({});
  restart();
  EXPECT_EQ(status("a").state, VmState::running);
  ask(kOther, {.operation = Request::Operation::stop});
  restart();
  EXPECT_EQ(status("a").name, "") << "who was stopped has not failed";
}

TEST_F(AdoptTest, StartThatWaitedIsTakenBack) {
  supervisor_->handle(
      kClient,
      {.operation = Request::Operation::start,
       .plans = {
           plan("a"),
           plan("b", {.depends_on = {
                          {.kind = Condition::Kind::console, .vm = "a", .text = "ready", .timeout = 1h}}})}});
  wait_for("b", VmState::waiting);
  restart();
  expect_nothing_left();
}

TEST_F(AdoptTest, StopThatWasBegunIsFinished) {
  start(kSoon);
  supervisor_->handle(kOther, {.operation = Request::Operation::stop, .timeout_ms = 50});
  restart();
  expect_nothing_left();
  EXPECT_THAT(host_.end_order(), ElementsAre("b", "a"));
  EXPECT_EQ(host_.starts_of("a"), 1U);
  EXPECT_EQ(status("a").outcome, Outcome::stopped);
}

// Its record cannot be used: whatever the reason, its process is not touched, its rights stay, its name is
// taken.
class ForeignTest : public AdoptTest {
 protected:
  std::string record() const { return root_ + "/vm/a/plan.json"; }
  void write_record(const std::string& text) const { std::ofstream(record(), std::ios::trunc) << text; }
  void change_record(const char* member, const nlohmann::json& value) const {
    std::ifstream file(record());
    nlohmann::json json = nlohmann::json::parse(file);
    json[member] = value;
    write_record(json.dump());
  }
  void expect_left_alone(const std::string& why) {
    EXPECT_EQ(status("a").state, VmState::foreign);
    EXPECT_THAT(status("a").reason, HasSubstr(why));
    EXPECT_EQ(status("b").state, VmState::running);
    EXPECT_THAT(host_.domains(), ElementsAre("a", "b"));
    EXPECT_THAT(host_.end_order(), IsEmpty());
    EXPECT_THAT(regions_.vms, ElementsAre("a", "b"));
    EXPECT_TRUE(supervisor_->has_vms());
    EXPECT_THAT(ask(kClient, start_request({"a"})).text, HasSubstr("a VM 'a' is foreign already"));
  }
  void expect_stoppable() {
    EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop}).kind, Reply::Kind::done);
    expect_nothing_left();
    EXPECT_EQ(status("a").outcome, Outcome::stopped);
  }
};

TEST_F(ForeignTest, RecordOfAnotherRelease) {
  start({});
  without_qvmd([this] { change_record("version", 1000); });
  expect_left_alone("another release of qvm has started it");
  restart();
  expect_left_alone("another release of qvm has started it");
  expect_stoppable();
}

TEST_F(ForeignTest, PlanOfAnotherRelease) {
  start({});
  without_qvmd([this] { change_record("plan", {{"version", 1000}}); });
  expect_left_alone("plan.json");
  expect_stoppable();
}

TEST_F(ForeignTest, RecordThatIsDamaged) {
  start({});
  for (const char* text : {"", "{", "[]", "5", R"({"version":"x"})", R"({"version":2,"plan":7})"}) {
    without_qvmd([&] { write_record(text); });
    expect_left_alone("plan.json");
  }
  expect_stoppable();
}

TEST_F(ForeignTest, ProgressThatIsDamaged) {
  start(kLate);
  for (const char* text : {"", "{", R"({"phase":"flying"})"}) {
    without_qvmd([&] { std::ofstream(root_ + "/vm/a/progress.json", std::ios::trunc) << text; });
    expect_left_alone("progress.json");
  }
  expect_stoppable();
}

TEST_F(ForeignTest, RecordOfAnotherVm) {
  start({});
  without_qvmd([this] {
    std::filesystem::copy_file(root_ + "/vm/b/plan.json", record(),
                               std::filesystem::copy_options::overwrite_existing);
  });
  expect_left_alone("is about VM 'b'");
  expect_stoppable();
}

// Too many open files, no permission, an I/O error: a directory in its place stands for them.
TEST_F(ForeignTest, RecordThatCannotBeReadNowIsReadLater) {
  start(kSoon);
  without_qvmd([this] {
    std::filesystem::rename(record(), root_ + "/aside");
    std::filesystem::create_directory(record());
  });
  expect_left_alone("plan.json': Is a directory");
  std::filesystem::remove(record());
  std::filesystem::rename(root_ + "/aside", record());
  wait_for("a", VmState::running);
  EXPECT_THAT(host_.end_order(), IsEmpty());
  // With all that belongs to it.
  host_.end("a", DomainEvent::Stop::failed);
  run_until([this] { return host_.starts_of("a") == 2 && status("a").state == VmState::running; });
}

TEST_F(ForeignTest, LibvirtThatCannotBeAskedIsAskedLater) {
  start({});
  without_qvmd([this] { host_.refuse_list("libvirt is away"); });
  EXPECT_EQ(status("a").state, VmState::foreign);
  EXPECT_THAT(status("a").reason, HasSubstr("libvirt is away"));
  EXPECT_THAT(ask(kClient, start_request({"a"})).text, HasSubstr("a VM 'a' is foreign already"));
  EXPECT_TRUE(exists("vm/a/plan.json"));
  host_.refuse_list("");
  wait_for("a", VmState::running);
  wait_for("b", VmState::running);
  EXPECT_EQ(host_.starts_of("a"), 1U);
}

TEST_F(ForeignTest, LibvirtThatDoesNotAnswerKeepsNoQuestionWaiting) {
  start({});
  without_qvmd([this] { host_.hold_lists(); });
  EXPECT_EQ(status("a").state, VmState::foreign);
  EXPECT_THAT(status("a").reason, HasSubstr("does not answer"));
  // What is to be done is done when that can be.
  replies_.clear();
  supervisor_->handle(kClient, {.operation = Request::Operation::stop, .names = {"a"}});
  EXPECT_EQ(status("a").state, VmState::foreign);
  EXPECT_FALSE(supervisor_->idle());
  ASSERT_EQ(replies_[kClient].size(), 1U);
  EXPECT_EQ(replies_[kClient][0].kind, Reply::Kind::progress);
  EXPECT_THAT(replies_[kClient][0].text, HasSubstr("has not said yet"));
  supervisor_->client_gone(kClient);
  host_.release_lists();
  wait_for("a", VmState::stopped);
  wait_for("b", VmState::running);
}

TEST_F(ForeignTest, StartThatWaitsForLibvirtCanBeCancelled) {
  start({});
  without_qvmd([this] { host_.hold_lists(); });
  supervisor_->handle(kClient, start_request({"c"}));
  EXPECT_EQ(ask(kClient, {.operation = Request::Operation::cancel}).text, "interrupted");
  host_.release_lists();
  wait_for("a", VmState::running);
  EXPECT_EQ(host_.starts_of("c"), 0U);
}

TEST_F(ForeignTest, RequestsWaitForWhatIsFoundOutSoon) {
  start({});
  supervisor_.reset();
  host_.hold_lists();
  come_again();
  supervisor_->handle(kClient, start_request({"c"}));
  supervisor_->client_gone(kClient);
  replies_.clear();
  supervisor_->handle(kOther, {.operation = Request::Operation::list, .names = {"a"}});
  host_.release_lists();
  run_until([this] { return !replies_[kOther].empty(); });
  ASSERT_EQ(replies_[kOther].front().vms.size(), 1U);
  EXPECT_EQ(replies_[kOther].front().vms[0].state, VmState::running);
  EXPECT_EQ(host_.starts_of("c"), 0U) << "who wanted it has gone";
}

TEST_F(ForeignTest, NewsThatComeMeanwhileAreHeardAfterwards) {
  start({});
  supervisor_.reset();
  host_.hold_lists();
  const unsigned before = host_.lists();
  come_again();
  run_until([&] { return host_.lists() > before; });
  host_.end("a", DomainEvent::Stop::shutdown);
  host_.release_lists();
  wait_for("a", VmState::stopped);
  EXPECT_EQ(status("b").state, VmState::running);
}

TEST_F(ForeignTest, WhatIsHalfMadeIsTakenAwayWhenLibvirtAnswers) {
  start({});
  without_qvmd([this] {
    host_.hold_lists();
    std::filesystem::create_directory(root_ + "/vm/c");
  });
  EXPECT_EQ(status("c").state, VmState::foreign);
  host_.release_lists();
  wait_for("a", VmState::running);
  EXPECT_FALSE(exists("vm/c"));
  EXPECT_EQ(ask(kClient, start_request({"c"})).kind, Reply::Kind::done);
}

// With descriptors or room lacking, libvirt would end all VMs that it finds. One that is to be ended needs no
// libvirt.
TEST_F(ForeignTest, CanBeEndedWhileNoneCanBeTakenOver) {
  start({});
  without_qvmd([this] { host_.refuse_connections("3 files are open already"); });
  EXPECT_EQ(status("a").state, VmState::foreign);
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop, .names = {"a"}});
  EXPECT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  EXPECT_THAT(host_.domains(), ElementsAre("b"));
  host_.refuse_connections("");
  wait_for("b", VmState::running);
}

TEST_F(ForeignTest, EndsByItself) {
  start({});
  without_qvmd([this] { write_record("{"); });
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for("a", VmState::stopped);
  EXPECT_FALSE(exists("vm/a"));
  EXPECT_THAT(regions_.vms, ElementsAre("b"));
}

TEST_F(ForeignTest, EndsByItselfAlsoIfItsRecordIsReadable) {
  start({});
  without_qvmd([this] { std::ofstream(root_ + "/vm/a/progress.json", std::ios::trunc) << "{"; });
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for("a", VmState::stopped);
  EXPECT_EQ(status("a").outcome, Outcome::shutdown);
}

TEST_F(ForeignTest, IsNotEndedForWhatItsGuestDoes) {
  start({});
  without_qvmd([this] { write_record("{"); });
  host_.happen("a", DomainEvent::Kind::panicked);
  host_.happen("a", DomainEvent::Kind::watchdog);
  host_.happen("b", DomainEvent::Kind::panicked);  // told after them
  wait_for("b", VmState::failed);
  EXPECT_EQ(status("a").state, VmState::foreign);
  EXPECT_TRUE(host_.domains().contains("a"));
}

TEST_F(ForeignTest, StaysIfItCannotBeStopped) {
  start({});
  without_qvmd([this] { write_record("{"); });
  host_.refuse_destroy("a", "no");
  EXPECT_THAT(ask(kOther, {.operation = Request::Operation::stop, .names = {"a"}}).text, HasSubstr("no"));
  expect_left_alone("is damaged");
}

// Killed before it wrote the record, qvmd has made nothing else of it.
TEST_F(AdoptTest, DirectoryWithoutRecordIsTakenAway) {
  start({});
  without_qvmd([this] { std::filesystem::create_directory(root_ + "/vm/c"); });
  EXPECT_FALSE(exists("vm/c"));
  EXPECT_EQ(status("a").state, VmState::running);
}

TEST_F(AdoptTest, VmThatRunsIsNotStartedTwice) {
  start({});
  restart();
  EXPECT_THAT(ask(kClient, start_request({"a"})).text, HasSubstr("a VM 'a' is running already"));
  EXPECT_EQ(host_.starts_of("a"), 1U);
}

}  // namespace
}  // namespace qvm::test
