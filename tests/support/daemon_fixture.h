// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A supervisor with everything real but the hypervisor and the region manager, in a directory of its own.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/daemon/launcher.h"
#include "qvm/daemon/supervisor.h"
#include "qvm/host/hypervisor.h"
#include "qvm/regions/client/admin.h"
#include "tests/support/fake_monitor.h"

namespace qvm::test {

// Keeps its domains in memory, beyond the life of the objects that see them, as libvirt does.
class FakeHost {
 public:
  std::unique_ptr<host::Hypervisor> connect(host::EventSink sink);

  // The guest of a domain powers off, or its process dies, …
  void end(const std::string& domain, host::DomainEvent::Stop how);
  // A domain is gone without a word.
  void forget(const std::string& domain);
  void happen(const std::string& domain, host::DomainEvent::Kind kind);
  // The hypervisor stops a domain that it cannot go on with.
  void get_stuck(const std::string& domain, host::Standstill why = host::Standstill::stuck);

  std::set<std::string> domains() const;
  std::string xml_of(const std::string& domain) const;

  // Whose guests were allowed to run since their domain was started.
  std::set<std::string> resumed() const;
  // How often a domain was started.
  unsigned starts_of(const std::string& domain) const;
  // Domains as they were let run, and as they ended.
  std::vector<std::string> resume_order() const;
  std::vector<std::string> end_order() const;
  // From now on guests that are asked to power off do so.
  void power_off_when_asked();

  // Starting one of these fails with that message.
  void refuse_start(const std::string& domain, const std::string& why);
  void allow_start(const std::string& domain);
  void refuse_resume(const std::string& domain, const std::string& why);
  // Nobody is told which domains there are, until it is allowed by an empty reason.
  void refuse_list(const std::string& why);
  // Whoever asks which domains there are waits from now on until release_lists().
  void hold_lists();
  void release_lists();
  // How often it was asked.
  unsigned lists() const;
  // No hypervisor can be connected to from now on; "": again.
  void refuse_connections(const std::string& why);
  std::string why_not_connected() const;
  void refuse_destroy(const std::string& domain, const std::string& why);
  // Guests of this domain power off as soon as they run, before resume() returns.
  void end_at_once(const std::string& domain);
  // start() of any domain, or of this one, waits from now on until release_starts().
  void hold_starts();
  void hold_start_of(const std::string& domain);
  void release_starts();
  void set_last_words(host::LastWords words);

  // A domain's monitor answers no more, until the domain has ended.
  void be_silent(const std::string& domain);
  // How many links are plugged into the first network interface of a domain.
  std::size_t plugged_ends(const std::string& domain) const;
  // Whether what one sends there arrives at the other.
  bool carries(const std::string& from, const std::string& to) const;

 private:
  friend class FakeHypervisor;
  void emit(host::DomainEvent event);

  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  bool lists_held_ = false;
  unsigned lists_ = 0;
  std::string held_domain_;
  std::string why_not_listed_;
  std::string why_not_connected_;
  pid_t next_pid_ = 5'000'000;  // more than any process has
  std::map<std::string, host::DomainInfo> domains_;
  std::map<std::string, std::string> uuids_;  // of each name's latest domain
  std::map<std::string, std::string> xml_;
  std::map<std::string, FakeMonitor> monitors_;  // of domains_
  std::set<std::string> silent_;
  std::condition_variable answering_;
  std::map<std::string, std::string> refused_starts_;
  std::map<std::string, std::string> refused_resumes_;
  std::map<std::string, std::string> refused_destroys_;
  std::set<std::string> resumed_;
  std::map<std::string, host::Standstill> stuck_;
  std::map<std::string, unsigned> starts_;
  std::vector<std::string> resume_order_;
  std::vector<std::string> end_order_;
  bool obedient_ = false;
  std::set<std::string> end_at_once_;
  host::LastWords last_words_;
  host::EventSink sink_;
};

// What a region manager was told and still has. qvmd talks to it over several connections at once; tests look
// when it is idle.
struct FakeRegions {
  std::mutex mutex;  // of all the rest
  std::set<std::string> vms;
  std::set<std::string> regions;
  std::string refused_vm;                   // add_vm of it fails
  std::string refused_region;               // add_region of it fails
  std::map<std::string, unsigned> clients;  // by region, those that exist
};

// What a manifest says about a VM.
struct Supervision {
  std::vector<config::Condition> depends_on{};
  config::RestartPolicy restart{};
  std::string peer{};  // the VM that its network interface is linked to; empty: it has none
};

// A VM with this comes back at once, however it ended.
inline constexpr config::RestartPolicy kAlwaysSoon{.when = config::RestartPolicy::When::always,
                                                   .delay = std::chrono::milliseconds(1),
                                                   .max_delay = std::chrono::milliseconds(2)};

class DaemonTest : public testing::Test {
 protected:
  static constexpr daemon::Supervisor::ClientId kClient = 1;
  static constexpr daemon::Supervisor::ClientId kOther = 2;

  DaemonTest();
  ~DaemonTest() override;

  // A qvmd that comes after the one before, which vanished without a word.
  void come_again();
  // The same, until it answers.
  void restart();

  // JSON of a plan for a VM with one shared memory device.
  std::string plan(const std::string& vm, const Supervision& supervision = {}) const;
  daemon::Request start_request(const std::vector<std::string>& vms) const;

  // Runs the loop until the client was answered; that answer. A failure of the test if none comes.
  daemon::Reply ask(daemon::Supervisor::ClientId client, daemon::Request request);
  // Runs the loop until condition holds.
  void run_until(const std::function<bool()>& condition);
  daemon::VmStatus status(const std::string& vm);
  bool exists(const std::string& path_below_root) const;

  std::string root_;
  FakeHost host_;
  FakeRegions regions_;
  std::vector<std::string> complaints_;
  std::vector<std::string> log_;  // the supervisor's decisions
  std::map<daemon::Supervisor::ClientId, std::vector<daemon::Reply>> replies_;
  std::unique_ptr<daemon::Supervisor> supervisor_;
  bool adopted_ = false;

 private:
  struct Parts;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace qvm::test
