// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The course of a launch seen from the command line: start, news about VMs, the end; survives a qvmd that
// dies.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/cli/daemon_connection.h"
#include "qvm/cli/planning.h"

namespace qvm::cli {

// On the event loop's thread. Exactly one of ended and failed is called, once, at the end.
class VmWatch {
 public:
  enum class Ownership { independent, ours };  // ours: qvmd stops the VMs when we are gone
  struct Hooks {
    std::function<void(const std::string& text)> progress;
    std::function<void(const daemon::VmStatus& vm)> news;
    std::function<void()> started;                       // all VMs run, or have already ended
    std::function<void()> ended;                         // all VMs are over
    std::function<void(const std::string& why)> failed;  // nothing was started, or qvmd is lost for good
  };

  VmWatch(EventLoop& loop, daemon::RuntimePaths paths, DaemonConnection connection, Ownership ownership,
          Hooks hooks);
  ~VmWatch();
  VmWatch(const VmWatch&) = delete;
  VmWatch& operator=(const VmWatch&) = delete;

  Result<void> start(const Launch& launch);
  // Ends the launch: what is being started is rolled back, what runs is stopped. `ended` or `failed` follows.
  void stop(std::uint32_t timeout_ms);
  bool stopping() const { return x_stopping; }
  bool all_started() const { return x_started; }
  const std::map<std::string, daemon::VmStatus>& vms() const { return x_vms; }
  // After the end: waits until a qvmd that nobody needs any more is gone.
  void leave();

 private:
  Result<void> ask_to_stop();
  void receive();
  void handle(const daemon::Reply& reply);
  void take(const daemon::VmStatus& vm);
  void reconnect(const std::string& why);
  void check_end();
  void fail_with(const std::string& why);
  bool watch_socket();
  std::vector<std::string> names_left() const;

  EventLoop& x_loop;
  const daemon::RuntimePaths x_paths;
  std::optional<DaemonConnection> x_connection;
  const Ownership x_ownership;
  const Hooks x_hooks;
  std::vector<std::string> x_names;
  std::map<std::string, daemon::VmStatus> x_vms;
  bool x_started = false;
  bool x_stopping = false;
  std::uint32_t x_stop_timeout_ms = 0;
  std::string x_start_lost;  // why it is not known whether the VMs were started
  bool x_over = false;
};

}  // namespace qvm::cli
