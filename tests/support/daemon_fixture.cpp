// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/daemon_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "qvm/daemon/host/hypervisor_pool.h"
#include "qvm/daemon/host/kvm_access.h"
#include "qvm/daemon/host/region_manager.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::test {
namespace {

constexpr std::chrono::seconds kDeadline{20};

std::string text_in(const std::string& xml, const std::string& element) {
  const auto begin = xml.find("<" + element + ">") + element.size() + 2;
  return xml.substr(begin, xml.find("</" + element + ">") - begin);
}

class FakeAdmin final : public regions::Admin {
 public:
  explicit FakeAdmin(FakeRegions& state) : state_(state) {}
  Result<std::string> add_vm(const regions::VmPolicy& policy) override {
    const std::lock_guard lock(state_.mutex);
    if (policy.vm == state_.refused_vm) return fail("no more VMs");
    state_.vms.insert(policy.vm);
    return "/socket";
  }
  Result<void> remove_vm(const std::string& vm) override {
    const std::lock_guard lock(state_.mutex);
    if (state_.vms.erase(vm) == 0) return fail("no VM '" + vm + "'");
    return {};
  }
  Result<void> add_region(const regions::RegionSpec& region) override {
    const std::lock_guard lock(state_.mutex);
    if (region.name == state_.refused_region) return fail("no more regions");
    state_.regions.insert(region.name);
    return {};
  }
  Result<void> remove_region(const std::string& name) override {
    const std::lock_guard lock(state_.mutex);
    if (state_.regions.erase(name) == 0) return fail("no region '" + name + "'");
    return {};
  }
  Result<std::string> describe_json() override { return "{\"regions\":[]}"; }
  Result<std::string> explain_json(const regions::ExplainRequest&) override { return "{}"; }
  Result<std::optional<unsigned>> clients(const std::string& region) override {
    const std::lock_guard lock(state_.mutex);
    const auto found = state_.clients.find(region);
    return found == state_.clients.end() ? std::nullopt : std::optional(found->second);
  }
  bool leave() override { return true; }

 private:
  FakeRegions& state_;
};

}  // namespace

class FakeHypervisor final : public host::Hypervisor {
 public:
  explicit FakeHypervisor(FakeHost& host) : host_(host) {}
  ~FakeHypervisor() override {
    const std::lock_guard lock(host_.mutex_);
    host_.sink_ = nullptr;
  }

  Result<host::DomainInfo> start(const std::string& xml, Begin begin,
                                 const std::vector<host::PassedFile>&) override {
    const std::string name = text_in(xml, "name");
    host::DomainInfo info;
    {
      std::unique_lock lock(host_.mutex_);
      host_.released_.wait(lock, [&] { return !host_.held_ && host_.held_domain_ != name; });
      if (const auto refused = host_.refused_starts_.find(name); refused != host_.refused_starts_.end()) {
        return fail(refused->second);
      }
      info = {.name = name, .uuid = text_in(xml, "uuid"), .pid = host_.next_pid_++};
      host_.uuids_[name] = info.uuid;
      host_.domains_[name] = info;
      host_.xml_[name] = xml;
      host_.stuck_.erase(name);
      host_.resumed_.erase(name);
      host_.monitors_[name] = {};
      ++host_.starts_[name];
    }
    host_.emit({.domain = name, .kind = host::DomainEvent::Kind::started});
    if (begin == Begin::paused) host_.emit({.domain = name, .kind = host::DomainEvent::Kind::paused});
    return info;
  }
  Result<void> resume(const std::string& name) override {
    bool ends = false;
    {
      const std::lock_guard lock(host_.mutex_);
      if (const auto refused = host_.refused_resumes_.find(name); refused != host_.refused_resumes_.end()) {
        return fail(refused->second);
      }
      host_.resumed_.insert(name);
      host_.resume_order_.push_back(name);
      ends = host_.end_at_once_.contains(name);
    }
    host_.emit({.domain = name, .kind = host::DomainEvent::Kind::resumed});
    if (ends) host_.end(name, host::DomainEvent::Stop::shutdown);
    return {};
  }
  host::Standstill standstill(const std::string& name) override {
    const std::lock_guard lock(host_.mutex_);
    return host_.stuck_.contains(name) ? host_.stuck_.at(name) : host::Standstill::none;
  }
  Result<void> destroy(const std::string& name) override {
    {
      const std::lock_guard lock(host_.mutex_);
      if (const auto refused = host_.refused_destroys_.find(name); refused != host_.refused_destroys_.end()) {
        return fail(refused->second);
      }
      if (!host_.domains_.contains(name)) return {};
    }
    host_.end(name, host::DomainEvent::Stop::destroyed);
    return {};
  }
  Result<void> command(const std::string& name, const std::string& json, int descriptor) override {
    std::unique_lock lock(host_.mutex_);
    host_.answering_.wait(lock,
                          [&] { return !host_.silent_.contains(name) || !host_.domains_.contains(name); });
    if (!host_.domains_.contains(name)) return fail("no domain '" + name + "'");
    return host_.monitors_.at(name).execute(json, descriptor);
  }
  Result<void> shutdown(const std::string& name) override {
    {
      const std::lock_guard lock(host_.mutex_);
      if (!host_.obedient_) return {};
    }
    host_.end(name, host::DomainEvent::Stop::shutdown);
    return {};
  }
  // An answer that is held is told later as it is now.
  Result<std::vector<host::DomainInfo>> list() override {
    std::unique_lock lock(host_.mutex_);
    std::vector<host::DomainInfo> all;
    for (const auto& [name, info] : host_.domains_) all.push_back(info);
    ++host_.lists_;
    host_.released_.wait(lock, [&] { return !host_.lists_held_; });
    if (!host_.why_not_listed_.empty()) return fail(host_.why_not_listed_);
    return all;
  }
  host::LastWords last_words(const std::string&) override {
    const std::lock_guard lock(host_.mutex_);
    return host_.last_words_;
  }

 private:
  FakeHost& host_;
};

std::unique_ptr<host::Hypervisor> FakeHost::connect(host::EventSink sink) {
  const std::lock_guard lock(mutex_);
  sink_ = std::move(sink);
  return std::make_unique<FakeHypervisor>(*this);
}

void FakeHost::emit(host::DomainEvent event) {
  host::EventSink sink;
  {
    const std::lock_guard lock(mutex_);
    sink = sink_;
    event.uuid = uuids_[event.domain];
  }
  if (sink) sink(event);
}

void FakeHost::end(const std::string& domain, host::DomainEvent::Stop how) {
  {
    const std::lock_guard lock(mutex_);
    domains_.erase(domain);
    monitors_.erase(domain);
    silent_.erase(domain);
    answering_.notify_all();
    end_order_.push_back(domain);
  }
  emit({.domain = domain, .kind = host::DomainEvent::Kind::stopped, .stop = how});
}

void FakeHost::forget(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  domains_.erase(domain);
  monitors_.erase(domain);
}

void FakeHost::happen(const std::string& domain, host::DomainEvent::Kind kind) {
  emit({.domain = domain, .kind = kind});
}

std::set<std::string> FakeHost::domains() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const auto& [name, info] : domains_) names.insert(name);
  return names;
}

std::string FakeHost::xml_of(const std::string& domain) const {
  const std::lock_guard lock(mutex_);
  const auto found = xml_.find(domain);
  return found == xml_.end() ? std::string() : found->second;
}

void FakeHost::refuse_start(const std::string& domain, const std::string& why) {
  const std::lock_guard lock(mutex_);
  refused_starts_[domain] = why;
}

void FakeHost::get_stuck(const std::string& domain, host::Standstill why) {
  {
    const std::lock_guard lock(mutex_);
    stuck_[domain] = why;
  }
  happen(domain, host::DomainEvent::Kind::paused);
}

unsigned FakeHost::starts_of(const std::string& domain) const {
  const std::lock_guard lock(mutex_);
  const auto found = starts_.find(domain);
  return found == starts_.end() ? 0 : found->second;
}

std::vector<std::string> FakeHost::resume_order() const {
  const std::lock_guard lock(mutex_);
  return resume_order_;
}

std::vector<std::string> FakeHost::end_order() const {
  const std::lock_guard lock(mutex_);
  return end_order_;
}

void FakeHost::power_off_when_asked() {
  const std::lock_guard lock(mutex_);
  obedient_ = true;
}

void FakeHost::allow_start(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  refused_starts_.erase(domain);
}

std::set<std::string> FakeHost::resumed() const {
  const std::lock_guard lock(mutex_);
  return resumed_;
}

void FakeHost::refuse_resume(const std::string& domain, const std::string& why) {
  const std::lock_guard lock(mutex_);
  refused_resumes_[domain] = why;
}

void FakeHost::refuse_destroy(const std::string& domain, const std::string& why) {
  const std::lock_guard lock(mutex_);
  refused_destroys_[domain] = why;
}

void FakeHost::end_at_once(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  end_at_once_.insert(domain);
}

void FakeHost::hold_starts() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void FakeHost::release_starts() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  held_domain_.clear();
  released_.notify_all();
}

void FakeHost::hold_start_of(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  held_domain_ = domain;
}

void FakeHost::hold_lists() {
  const std::lock_guard lock(mutex_);
  lists_held_ = true;
}

unsigned FakeHost::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

void FakeHost::release_lists() {
  const std::lock_guard lock(mutex_);
  lists_held_ = false;
  released_.notify_all();
}

void FakeHost::refuse_list(const std::string& why) {
  const std::lock_guard lock(mutex_);
  why_not_listed_ = why;
}

void FakeHost::refuse_connections(const std::string& why) {
  const std::lock_guard lock(mutex_);
  why_not_connected_ = why;
}

std::string FakeHost::why_not_connected() const {
  const std::lock_guard lock(mutex_);
  return why_not_connected_;
}

void FakeHost::be_silent(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  silent_.insert(domain);
}

std::size_t FakeHost::plugged_ends(const std::string& domain) const {
  const std::lock_guard lock(mutex_);
  const auto found = monitors_.find(domain);
  return found == monitors_.end() ? 0 : found->second.ends(1).size();
}

bool FakeHost::carries(const std::string& from, const std::string& to) const {
  const std::lock_guard lock(mutex_);
  if (!monitors_.contains(from) || !monitors_.contains(to)) return false;
  bool arrived = false;
  for (const int end : monitors_.at(from).ends(1)) (void)::send(end, "frame", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
  for (const int end : monitors_.at(to).ends(1)) {
    char frame[8];
    arrived = ::recv(end, frame, sizeof frame, MSG_DONTWAIT) == 5 || arrived;
  }
  return arrived;
}

void FakeHost::set_last_words(host::LastWords words) {
  const std::lock_guard lock(mutex_);
  last_words_ = std::move(words);
}

struct DaemonTest::Parts {
  explicit Parts(DaemonTest& test)
      : paths(test.root_),
        hypervisors(
            [&test](const std::string&) -> Result<std::unique_ptr<host::Hypervisor>> {
              if (const std::string why = test.host_.why_not_connected(); !why.empty()) return fail(why);
              return test.host_.connect([&test](const host::DomainEvent& event) {
                test.loop_->post([&test, event] {
                  if (test.supervisor_) test.supervisor_->on_domain_event(event);
                });
              });
            },
            [&test](const std::string& domain) { test.host_.forget(domain); }),
        regions([&test]() -> Result<std::unique_ptr<regions::Admin>> {
          return std::make_unique<FakeAdmin>(test.regions_);
        }),
        kvm(test.root_ + "/kvm", test.root_ + "/kvm-leases"),
        launcher(paths, hypervisors, regions, kvm, [&test](const std::string& text) {
          test.loop_->post([&test, text] { test.complaints_.push_back(text); });
        }) {}

  daemon::RuntimePaths paths;
  daemon::HypervisorPool hypervisors;
  daemon::RegionManager regions;
  daemon::KvmAccess kvm;
  daemon::Launcher launcher;
};

DaemonTest::DaemonTest() {
  std::string pattern = "/tmp/qvmd-test.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no directory in /tmp";
  root_ = pattern;
  const auto prepared = daemon::prepare_runtime_directory(daemon::RuntimePaths(root_));
  EXPECT_TRUE(prepared) << prepared.error().message();
  restart();
}

DaemonTest::~DaemonTest() {
  host_.release_starts();
  host_.release_lists();
  supervisor_.reset();
  parts_.reset();
  std::filesystem::remove_all(root_);
}

void DaemonTest::come_again() {
  supervisor_.reset();
  parts_.reset();
  auto loop = EventLoop::create();
  ASSERT_TRUE(loop) << loop.error().message();
  loop_ = std::move(*loop);
  parts_ = std::make_unique<Parts>(*this);
  supervisor_ = std::make_unique<daemon::Supervisor>(
      *loop_, parts_->paths, parts_->launcher, parts_->regions,
      daemon::Supervisor::Hooks{
          .send = [this](daemon::Supervisor::ClientId client,
                         const daemon::Reply& reply) { replies_[client].push_back(reply); },
          .settled = [] {},
          .note_before_start = [] { return std::string(); },
          .decided = [this](const std::string&, const std::string& line) { log_.push_back(line); }});
  adopted_ = false;
  const auto adopting = supervisor_->adopt([this] { adopted_ = true; });
  ASSERT_TRUE(adopting) << adopting.error().message();
}

void DaemonTest::restart() {
  come_again();
  run_until([this] { return adopted_ || supervisor_->adoption_is_late(); });
}

std::string DaemonTest::plan(const std::string& vm, const Supervision& supervision) const {
  plan::VmPlan made;
  made.depends_on = supervision.depends_on;
  made.restart = supervision.restart;
  made.name = vm;
  made.host.runtime_directory = root_;
  made.domain_xml = "<domain type='test'><name>" + vm + "</name><os><kernel>/kernel</kernel></os></domain>";
  made.policy.vm = vm;
  made.policy.vdevs.emplace_back().vdev = "shmem0";
  if (!supervision.peer.empty())
    made.networks.push_back(
        {"net0", "02:00:00:00:00:01", "", vdevs::LinkEnd{"n0", supervision.peer, "n0", 1}, ""});
  return plan::to_json(made);
}

daemon::Request DaemonTest::start_request(const std::vector<std::string>& vms) const {
  daemon::Request request{.operation = daemon::Request::Operation::start};
  for (const std::string& vm : vms) request.plans.push_back(plan(vm));
  return request;
}

void DaemonTest::run_until(const std::function<bool()>& condition) {
  // Everything that can change the condition happens on the loop; a task of ours behind it looks.
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  std::function<void()> look = [&] {
    if (condition()) return loop_->stop();
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "what was waited for did not happen";
      return loop_->stop();
    }
    loop_->after(std::chrono::milliseconds(1), look);
  };
  loop_->post(look);
  EXPECT_TRUE(loop_->run());
}

daemon::Reply DaemonTest::ask(daemon::Supervisor::ClientId client, daemon::Request request) {
  const std::size_t before = replies_[client].size();
  supervisor_->handle(client, std::move(request));
  daemon::Reply answer;
  run_until([&] {
    for (std::size_t i = before; i < replies_[client].size(); ++i) {
      const auto kind = replies_[client][i].kind;
      if (kind != daemon::Reply::Kind::done && kind != daemon::Reply::Kind::failed) continue;
      answer = replies_[client][i];
      return true;
    }
    return false;
  });
  return answer;
}

daemon::VmStatus DaemonTest::status(const std::string& vm) {
  const auto answer = ask(kOther, {.operation = daemon::Request::Operation::list, .names = {vm}});
  return answer.vms.size() == 1 ? answer.vms.front() : daemon::VmStatus{};
}

bool DaemonTest::exists(const std::string& path_below_root) const {
  return std::filesystem::exists(root_ + "/" + path_below_root);
}

}  // namespace qvm::test
