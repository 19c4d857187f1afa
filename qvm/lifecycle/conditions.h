// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM that is complete waits for before its guest is let run. Pure: time and facts are given.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/manifest/supervision.h"
#include "qvm/lifecycle/time.h"

namespace qvm::lifecycle {

// How far a VM is that others wait for.
enum class Reached {
  not_yet,  // it will be started, or started again
  runs,
  was_run,    // it has run and has ended for good
  never_ran,  // it has ended for good and its guest never ran
};

// A text on the first console of a VM.
struct ConsoleText {
  std::string vm;
  std::string text;
  auto operator<=>(const ConsoleText&) const = default;
};

// How it is at the moment. Asked only for what the conditions name.
struct Facts {
  std::function<Reached(const std::string& vm)> reached;
  // Whether the VM's first console has shown the text in its run now, or its last one.
  std::function<bool(const ConsoleText& text)> shown;
  // Attachments of a region; nullopt: there is none of that name, as far as is known.
  std::function<std::optional<unsigned>(const std::string& region)> clients;
};

// The conditions of one start of one VM. One that was met once stays met. The time of a condition runs from
// when all VMs that the conditions name have been started; that of `started` from the construction.
class Conditions {
 public:
  Conditions(std::vector<config::Condition> conditions, Ticks now);

  struct Look {
    enum class Kind { ready, waiting, failed };
    Kind kind = Kind::ready;
    std::string text{};              // waiting: for what; failed: why, one sentence without the VM's name
    std::vector<std::string> met{};  // what was met since the last look
  };
  Look look(const Facts& facts, Ticks now);

  // Regions and consoles that have yet to be asked about.
  std::vector<std::string> regions() const;
  std::vector<ConsoleText> consoles() const;
  // Whether something has to be looked at from time to time, because nobody tells when it comes.
  bool must_poll() const;

 private:
  struct Item {
    config::Condition condition;
    bool met = false;
  };

  Ticks x_begin;
  std::optional<Ticks> x_all_started;  // all VMs that the conditions name
  std::vector<Item> x_items;
};

}  // namespace qvm::lifecycle
