// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace qvm::lifecycle {
namespace {

using config::Condition;

bool has_started(Reached reached) {
  return reached == Reached::runs || reached == Reached::was_run;
}

bool holds(const Condition& condition, const Facts& facts) {
  switch (condition.kind) {
    case Condition::Kind::started:
      return has_started(facts.reached(condition.vm));
    case Condition::Kind::region:
      return facts.clients(condition.region).has_value();
    case Condition::Kind::clients:
      return facts.clients(condition.region).value_or(0) >= condition.clients;
    case Condition::Kind::console:
      return has_started(facts.reached(condition.vm)) && facts.shown({condition.vm, condition.text});
  }
  return false;
}

// What keeps a condition from ever being met; empty: nothing.
std::string hopeless(const Condition& condition, const Facts& facts) {
  if (condition.vm.empty()) return {};
  switch (facts.reached(condition.vm)) {
    case Reached::not_yet:
    case Reached::runs:
      return {};
    case Reached::was_run:
      return fmt::format("it waits for {}, but that VM has ended", config::describe(condition));
    case Reached::never_ran:
      return fmt::format("it waits for {}, but that VM could not be started", config::describe(condition));
  }
  return {};
}

std::string found_instead(const Condition& condition, const Facts& facts) {
  if (condition.kind != Condition::Kind::clients) return {};
  const auto clients = facts.clients(condition.region);
  return clients ? fmt::format("; it has {}", *clients) : "; there is no such region";
}

// "30 s", "1500 ms"
std::string in_words(std::chrono::milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

}  // namespace

Conditions::Conditions(std::vector<Condition> conditions, Ticks now) : x_begin(now) {
  for (Condition& condition : conditions) x_items.push_back({std::move(condition)});
}

Conditions::Look Conditions::look(const Facts& facts, Ticks now) {
  Look result;
  for (Item& item : x_items) {
    if (item.met || !holds(item.condition, facts)) continue;
    item.met = true;
    result.met.push_back(config::describe(item.condition));
  }
  if (!x_all_started) {
    const bool all = std::all_of(x_items.begin(), x_items.end(), [&](const Item& item) {
      return item.met || item.condition.vm.empty() || has_started(facts.reached(item.condition.vm));
    });
    if (all) x_all_started = now;
  }
  for (const Item& item : x_items) {
    if (item.met) continue;
    const Condition& condition = item.condition;
    if (std::string why = hopeless(condition, facts); !why.empty()) {
      result.kind = Look::Kind::failed;
      result.text = std::move(why);
      return result;
    }
    const auto since = condition.kind == Condition::Kind::started ? std::optional(x_begin) : x_all_started;
    if (since && condition.timeout && now - *since >= *condition.timeout) {
      result.kind = Look::Kind::failed;
      result.text = fmt::format("it waited {} for {}{}", in_words(*condition.timeout),
                                config::describe(condition), found_instead(condition, facts));
      return result;
    }
    if (!result.text.empty()) continue;
    result.kind = Look::Kind::waiting;
    result.text = config::describe(condition);
  }
  return result;
}

std::vector<std::string> Conditions::regions() const {
  std::vector<std::string> names;
  for (const Item& item : x_items) {
    const std::string& region = item.condition.region;
    if (!item.met && !region.empty() && std::find(names.begin(), names.end(), region) == names.end())
      names.push_back(region);
  }
  return names;
}

std::vector<ConsoleText> Conditions::consoles() const {
  std::vector<ConsoleText> texts;
  for (const Item& item : x_items) {
    if (!item.met && item.condition.kind == Condition::Kind::console)
      texts.push_back({item.condition.vm, item.condition.text});
  }
  return texts;
}

bool Conditions::must_poll() const {
  return std::any_of(x_items.begin(), x_items.end(), [](const Item& item) {
    return !item.met && (item.condition.kind != Condition::Kind::started || item.condition.timeout);
  });
}

}  // namespace qvm::lifecycle
