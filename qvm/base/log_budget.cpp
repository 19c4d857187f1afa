// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_budget.h"

#include <algorithm>

namespace qvm {

LogBudget::Account LogBudget::credited(Account account, Time now) {
  const auto lines = (now - account.since) / kPerLine;
  account.lines = static_cast<unsigned>(std::min<std::int64_t>(kBurst, account.lines + lines));
  account.since = account.lines == kBurst ? now : account.since + lines * kPerLine;
  return account;
}

LogBudget::Verdict LogBudget::spend(const std::string& key, Time now) {
  if (x_accounts.size() >= kMaxKeys && !x_accounts.contains(key)) {
    std::erase_if(x_accounts,
                  [now](const auto& entry) { return credited(entry.second, now).lines == kBurst; });
  }
  const bool room = x_accounts.size() < kMaxKeys || x_accounts.contains(key);
  Account& account = x_accounts.try_emplace(room ? key : std::string(), Account{kBurst, now}).first->second;
  account = credited(account, now);
  if (account.lines == 0) return Verdict::drop;
  return --account.lines == 0 ? Verdict::write_last : Verdict::write;
}

}  // namespace qvm
