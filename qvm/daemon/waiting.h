// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM that is complete waits for before its guest is let run. Pure: time and facts are given.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/supervision.h"

namespace qvm::daemon {

// How far a VM is that others wait for.
enum class Progress {
  not_yet,  // it will be started, or started again
  runs,
  was_run,    // it has run and has ended for good
  never_ran,  // it has ended for good and its guest never ran
};

// How it is at the moment. Asked only for what the conditions name.
struct Facts {
  std::function<Progress(const std::string& vm)> progress;
  // Whether the VM's first console has shown the text in its run now, or its last one.
  std::function<bool(const std::string& vm, const std::string& text)> shown;
  // Attachments of a region; nullopt: there is none of that name, as far as is known.
  std::function<std::optional<unsigned>(const std::string& region)> clients;
};

// The conditions of one start of one VM. One that was met once stays met. The time of a condition runs from
// when all VMs that the conditions name have been started; that of `started` from the construction.
class Waiting {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Waiting(std::vector<config::Condition> conditions, TimePoint now);

  struct Result {
    enum class Kind { ready, waiting, failed };
    Kind kind = Kind::ready;
    std::string text{};              // waiting: for what; failed: why, one sentence without the VM's name
    std::vector<std::string> met{};  // what was met since the last look
  };
  Result look(const Facts& facts, TimePoint now);

  // Regions that have yet to be asked about.
  std::vector<std::string> regions() const;
  // Whether something has to be looked at from time to time, because nobody tells when it comes.
  bool must_poll() const;

 private:
  struct Item {
    config::Condition condition;
    bool met = false;
  };

  TimePoint x_begin;
  std::optional<TimePoint> x_all_started;  // all VMs that the conditions name
  std::vector<Item> x_items;
};

}  // namespace qvm::daemon
