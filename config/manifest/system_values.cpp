// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/system_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "config/language/suggest.h"
#include "config/text/ascii.h"
#include "qvm/base/names.h"
#include "qvm/base/vm_name.h"
#include "qvm/regions/model/access.h"

namespace qvm::config {
namespace {

constexpr std::size_t kLongestAccount = 32;
// The largest number is "nobody" to the kernel's interfaces.
constexpr std::uint64_t kMostId = std::numeric_limits<std::uint32_t>::max() - 1;

tl::unexpected<ValueProblem> problem(std::string message, std::string help = "", std::string better = "") {
  return tl::unexpected<ValueProblem>(ValueProblem{std::move(message), std::move(help), std::move(better)});
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Decimal digits only; nullopt if they do not fit 64 bits.
std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string without_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return std::string(first == std::string_view::npos ? "0" : digits.substr(first));
}

bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits.front() == '0';
}

struct Unit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<Unit, 4> kUnits = {{{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};

// The unit that "K", "kb", "mib" and the like stand for.
std::optional<std::string_view> unit_meant(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::string_view rest = text.substr(1);
  if (rest != "" && rest != "b" && rest != "B" && rest != "ib" && rest != "iB" && rest != "IB")
    return std::nullopt;
  switch (text.front()) {
    case 'k':
    case 'K':
      return "KiB";
    case 'm':
    case 'M':
      return "MiB";
    case 'g':
    case 'G':
      return "GiB";
    default:
      return std::nullopt;
  }
}

constexpr Names<Accelerator, 3> kAccelerators = {
    {{Accelerator::kvm, "kvm"}, {Accelerator::tcg, "tcg"}, {Accelerator::automatic, "auto"}}};
constexpr Names<HugePages, 3> kHugePages = {
    {{HugePages::none, "none"}, {HugePages::advise, "advise"}, {HugePages::require, "require"}}};

// what: "an accelerator"; allowed: the help.
template <class Enum, std::size_t Count>
Value<Enum> parse_word(std::string_view text, const Names<Enum, Count>& words, std::string_view what,
                       std::string allowed) {
  if (const auto value = value_of(words, text)) return *value;
  std::vector<std::string_view> names;
  for (const auto& [value, name] : words) names.push_back(name);
  const auto meant = suggest(text, names);
  return problem(fmt::format("'{}' is not {}", text, what), std::move(allowed),
                 meant ? std::string(meant->name) : "");
}

}  // namespace

Value<std::uint64_t> parse_manifest_size(std::string_view text) {
  const std::string quoted = fmt::format("'{}'", text);
  const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(digits_end - text.begin()));
  std::string_view unit = text.substr(digits.size());
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (digits.empty()) {
    return problem(quoted + " is not a size", "write a number with B, KiB, MiB or GiB, for example 64KiB");
  }
  const auto known =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& one) { return one.name == unit; });
  if (known == kUnits.end()) {
    if (unit.empty()) {
      return problem(quoted + " is a size without a unit",
                     "write B, KiB, MiB or GiB after it, for example 64KiB");
    }
    if (const auto meant = unit_meant(unit)) {
      const std::string better = without_zeros(digits) + std::string(*meant);
      return problem(fmt::format("'{}' is not a unit of size", unit), fmt::format("write {}", better),
                     better);
    }
    return problem(fmt::format("'{}' is not a unit of size", unit), "the units are B, KiB, MiB and GiB");
  }
  if (has_leading_zero(digits)) {
    const std::string better = without_zeros(digits) + std::string(unit);
    return problem(quoted + " has a leading zero", fmt::format("write {}", better), better);
  }
  const auto number = to_number(digits);
  if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> known->shift)) {
    return problem(quoted + " does not fit 64 bits");
  }
  if (*number == 0) return problem("a size of nothing", "write a size of at least 1B");
  return *number << known->shift;
}

Value<std::uint32_t> parse_manifest_mode(std::string_view text, Quoting quoting) {
  const bool octal =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c < '8'; });
  if (!octal || text.size() > 4) {
    return problem(fmt::format("'{}' is not a mode", text),
                   "write four octal digits in quotes, for example \"0660\"");
  }
  std::uint32_t mode = 0;
  for (const char c : text) mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  const std::string four = fmt::format("{:04o}", mode & 0666);
  if ((mode & ~0666u) != 0) {
    return problem(fmt::format("mode '{}' has more than read and write bits", text),
                   fmt::format("write \"{}\"", four), quoting == Quoting::quoted ? four : "\"" + four + "\"");
  }
  if (quoting == Quoting::plain) {
    return problem(
        fmt::format("mode {} without quotes: other readers of YAML take it for another number", text),
        fmt::format("write \"{}\"", four), "\"" + four + "\"");
  }
  if (text.size() != 4) {
    return problem(fmt::format("mode '{}' has {} digits instead of 4", text, text.size()),
                   fmt::format("write \"{}\"", four), four);
  }
  return mode;
}

Value<std::chrono::milliseconds> parse_duration(std::string_view text) {
  struct TimeUnit {
    std::string_view name;
    std::uint64_t ms;
  };
  constexpr std::array<TimeUnit, 4> kTimes = {{{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}}};
  const std::string quoted = fmt::format("'{}'", text);
  const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(digits_end - text.begin()));
  std::string_view unit = text.substr(digits.size());
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (digits.empty())
    return problem(quoted + " is not a time", "write a number with ms, s, min or h, for example 30s");
  const auto known =
      std::find_if(kTimes.begin(), kTimes.end(), [&](const TimeUnit& one) { return one.name == unit; });
  if (known == kTimes.end()) {
    return unit.empty()
               ? problem(quoted + " is a time without a unit",
                         "write ms, s, min or h after it, for example 30s")
               : problem(fmt::format("'{}' is not a unit of time", unit), "the units are ms, s, min and h");
  }
  if (has_leading_zero(digits)) {
    const std::string better = without_zeros(digits) + std::string(unit);
    return problem(quoted + " has a leading zero", fmt::format("write {}", better), better);
  }
  const auto number = to_number(digits);
  const auto most = static_cast<std::uint64_t>(kLongestDuration.count());
  if (!number || *number > most / known->ms) {
    return problem(quoted + " is too long",
                   fmt::format("the longest time is {}h", kLongestDuration / std::chrono::hours(1)));
  }
  if (*number == 0) return problem("a time of nothing", "write a time of at least 1ms");
  return std::chrono::milliseconds(*number * known->ms);
}

Value<RestartPolicy::When> parse_restart(std::string_view text) {
  return parse_word(text, kRestartNames, "a restart policy", "the policies are no, on-failure and always");
}

Value<unsigned> parse_count(std::string_view text, std::string_view what, unsigned most) {
  if (const auto number = parse_manifest_count(text, most)) return *number;
  return problem(fmt::format("'{}' is not a number of {}", text, what),
                 fmt::format("write a number from 1 to {}", most));
}

Value<Account> parse_account(std::string_view text) {
  const std::string quoted = fmt::format("'{}'", text);
  if (all_digits(text)) {
    if (has_leading_zero(text)) {
      const std::string better = without_zeros(text);
      return problem(quoted + " has a leading zero", fmt::format("write {}", better), better);
    }
    const auto number = to_number(text);
    if (!number || *number > kMostId) {
      return problem(quoted + " is too large for the number of an account",
                     fmt::format("the largest is {}", kMostId));
    }
    return Account{std::string(text)};
  }
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; };
  std::string_view body = text;
  if (body.ends_with('$')) body.remove_suffix(1);
  const bool name = !body.empty() && (is_letter(body.front()) || body.front() == '_') &&
                    std::all_of(body.begin(), body.end(), allowed) && text.size() <= kLongestAccount;
  if (!name) return problem(quoted + " is not an account", "write its decimal number or its name");
  return Account{std::string(text)};
}

Value<std::uint32_t> parse_manifest_count(std::string_view text, std::uint32_t most) {
  const std::string allowed = fmt::format("write a number from 1 to {}", most);
  if (!all_digits(text)) return problem(fmt::format("'{}' is not a number", text), allowed);
  if (has_leading_zero(text)) {
    const std::string better = without_zeros(text);
    return problem(fmt::format("'{}' has a leading zero", text), fmt::format("write {}", better), better);
  }
  const auto number = to_number(text);
  if (!number || *number == 0 || *number > most)
    return problem(fmt::format("'{}' is out of range", text), allowed);
  return static_cast<std::uint32_t>(*number);
}

Value<HugePages> parse_huge_pages(std::string_view text) {
  return parse_word(text, kHugePages, "a use of huge pages", "write none, advise or require");
}

Value<bool> parse_truth(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return problem(fmt::format("'{}' is neither true nor false", text), "write true or false");
}

Value<Accelerator> parse_accelerator(std::string_view text) {
  return parse_word(text, kAccelerators, "an accelerator", "the accelerators are kvm, tcg and auto");
}

Value<std::string> parse_libvirt_uri(std::string_view text) {
  const bool local = text.starts_with("qemu:///") || text.starts_with("test:///");
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (local && clean) return std::string(text);
  return problem(fmt::format("'{}' is not a libvirt URI of this host", text),
                 "for example qemu:///system or qemu:///session; without it qvm runs its own libvirt");
}

Value<std::string> parse_vm_name(std::string_view text) {
  if (is_vm_name(text)) return std::string(text);
  return problem(fmt::format("'{}' cannot be the name of a VM", text), fmt::format("use {}", kVmNameForm));
}

Value<std::string> parse_region_name(std::string_view text) {
  if (regions::is_legal_region_name(text)) return std::string(text);
  return problem(fmt::format("'{}' cannot be the name of a region", text),
                 fmt::format("use {}", regions::kRegionNameForm));
}

}  // namespace qvm::config
