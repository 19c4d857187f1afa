// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Bytes for policies and events: what the admin socket carries and the journal keeps. Little code, no sharing
// with anything untrusted; still, no input whatever makes a Reader read out of bounds or allocate more than
// it was given.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "qvm/regions/model/events.h"
#include "qvm/regions/model/explanation.h"

namespace qvm::regions {

class Writer {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void number(T value) { x_bytes.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    x_bytes.append(value);
  }
  std::string take() { return std::move(x_bytes); }

 private:
  std::string x_bytes;
};

// After a failure everything reads as 0 or empty, and ok() stays false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : x_rest(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T> T number() {
    T value{};
    if (x_rest.size() < sizeof value) {
      x_ok = false;
      return value;
    }
    std::memcpy(&value, x_rest.data(), sizeof value);
    x_rest.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (!x_ok || size > x_rest.size()) {
      x_ok = false;
      return {};
    }
    std::string value(x_rest.substr(0, size));
    x_rest.remove_prefix(size);
    return value;
  }
  // A count of things that take at least one byte each.
  std::uint32_t count() {
    const auto value = number<std::uint32_t>();
    if (value > x_rest.size()) x_ok = false;
    return x_ok ? value : 0;
  }
  void reject() { x_ok = false; }
  bool ok() const { return x_ok; }
  // Everything was read, and nothing failed.
  bool finished() const { return x_ok && x_rest.empty(); }

 private:
  std::string_view x_rest;
  bool x_ok = true;
};

std::string encode(const VmPolicy& policy);
std::string encode(const RegionSpec& region);
std::string encode(const ExplainRequest& request);
std::string encode(const Event& event);
// Empty unless bytes are exactly one encoded value.
std::optional<VmPolicy> decode_policy(std::string_view bytes);
std::optional<RegionSpec> decode_region(std::string_view bytes);
std::optional<ExplainRequest> decode_explain_request(std::string_view bytes);
std::optional<Event> decode_event(std::string_view bytes);

}  // namespace qvm::regions
