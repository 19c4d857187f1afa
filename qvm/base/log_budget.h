// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How many lines of log one VM or user may cause: enough to see what is going on, too few to fill a disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace qvm {

class LogBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr unsigned kBurst = 50;
  static constexpr std::chrono::seconds kPerLine{10};  // one more each
  static constexpr std::size_t kMaxKeys = 1024;        // the rest shares one budget

  enum class Verdict { write, write_last, drop };  // write_last: nothing more from this one for a while
  Verdict spend(const std::string& key, Time now);

 private:
  struct Account {
    unsigned lines = kBurst;
    Time since;  // of the last line that was credited
  };
  static Account credited(Account account, Time now);

  std::map<std::string, Account> x_accounts;
};

}  // namespace qvm
