// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the supervisor decides, as lines of qvmd's log. All of them are here, so that they say it in one way.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "qvm/lifecycle/restart.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

class Decisions {
 public:
  // vm: whom it is about; empty: a whole set.
  using Log = std::function<void(const std::string& vm, const std::string& text)>;
  explicit Decisions(Log log) : x_log(std::move(log)) {}

  void start(const std::vector<std::string>& vms) const;
  void start_done(const std::vector<std::string>& vms) const;
  void start_fails(const std::vector<std::string>& vms, const std::string& why) const;
  void wait(const std::string& vm, const std::string& what) const;
  void condition_met(const std::string& vm, const std::string& what) const;
  void run(const std::string& vm, pid_t pid) const;
  void link(const std::string& vm, const std::string& vdev, const std::string& peer,
            const std::string& peer_vdev) const;
  void end(const std::string& vm, Outcome outcome, const std::string& reason) const;
  // What follows from the end, unless nothing does.
  void after_end(const std::string& vm, const RestartDecision& decision) const;
  void restart(const std::string& vm) const;
  void stop_asked(const std::vector<std::string>& vms, std::chrono::milliseconds each) const;
  void stop(const std::string& vm, std::chrono::milliseconds timeout) const;
  // how: "running", "died while no qvmd ran", …
  void adopt(const std::string& vm, const std::string& how) const;
  // Something about it cannot be done, and it goes on without.
  void failure(const std::string& vm, const std::string& why) const;

 private:
  void about(const std::string& vm, const std::string& text) const;
  void about_set(const std::string& text) const;

  Log x_log;
};

}  // namespace qvm::lifecycle
