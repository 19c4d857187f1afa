// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/protocol.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "qvm/base/json_fields.h"
#include "qvm/regions/policy_fields.h"

namespace qvm::daemon {
namespace {

using nlohmann::json;

constexpr Names<Request::Operation, 7> kOperations = {{{Request::Operation::prepare, "prepare"},
                                                       {Request::Operation::start, "start"},
                                                       {Request::Operation::cancel, "cancel"},
                                                       {Request::Operation::stop, "stop"},
                                                       {Request::Operation::list, "list"},
                                                       {Request::Operation::watch, "watch"},
                                                       {Request::Operation::leave, "leave"}}};

constexpr Names<Reply::Kind, 5> kKinds = {{{Reply::Kind::welcome, "welcome"},
                                           {Reply::Kind::progress, "progress"},
                                           {Reply::Kind::vm, "vm"},
                                           {Reply::Kind::done, "done"},
                                           {Reply::Kind::failed, "failed"}}};

// For use inside decode(): a thrown error is reported as a malformed message there.
template <class Enum>
Enum known(std::optional<Enum> value, const std::string& text) {
  if (value) return *value;
  throw std::invalid_argument(fmt::format("unknown word '{}'", text));
}

template <class Enum, std::size_t Count>
Enum read_word(const Names<Enum, Count>& names, const std::string& text) {
  return known(value_of(names, text), text);
}

json to_json(const VmStatus& vm) {
  return {{"name", vm.name},
          {"state", to_string(vm.state)},
          {"outcome", to_string(vm.outcome)},
          {"reason", vm.reason},
          {"pid", vm.pid},
          {"since", vm.since},
          {"resets", vm.resets},
          {"restarts", vm.restarts},
          {"due", vm.due},
          {"terminals", vm.terminals}};
}

VmStatus vm_from(const json& value) {
  VmStatus vm;
  vm.name = value.at("name").get<std::string>();
  const auto state = value.at("state").get<std::string>();
  vm.state = known(lifecycle::state_from(state), state);
  const auto outcome = value.at("outcome").get<std::string>();
  vm.outcome = known(lifecycle::outcome_from(outcome), outcome);
  vm.reason = value.at("reason").get<std::string>();
  vm.pid = value.at("pid").get<pid_t>();
  vm.since = value.at("since").get<std::int64_t>();
  vm.resets = value.at("resets").get<std::uint32_t>();
  vm.restarts = value.at("restarts").get<std::uint32_t>();
  vm.due = value.at("due").get<std::int64_t>();
  vm.terminals = value.at("terminals").get<std::vector<std::string>>();
  return vm;
}

template <class T, class Parse>
Result<T> decode(std::string_view text, Parse parse) {
  try {
    const json value = json::parse(text);
    if (const int version = value.at("version").get<int>(); version != kProtocolVersion) {
      return fail(
          fmt::format("control protocol version {}, expected {}: qvm and qvmd are of different releases",
                      version, kProtocolVersion));
    }
    return parse(value);
  } catch (const std::exception& error) {
    return fail(fmt::format("malformed control message: {}", error.what()));
  }
}

// Bytes that are not UTF-8 (a guest's or a user's) must not end the daemon.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(Request::Operation operation) {
  return name_of(kOperations, operation);
}

std::string encode(const Request& request) {
  json value = {{"version", kProtocolVersion}, {"operation", name_of(kOperations, request.operation)}};
  value["plans"] = request.plans;
  value["regions"] = value_to_json<json>(request.regions);
  value["libvirt_uri"] = request.libvirt_uri;
  value["owned"] = request.owned;
  value["names"] = request.names;
  value["timeout_ms"] = request.timeout_ms;
  return dump(value);
}

Result<Request> decode_request(std::string_view text) {
  return decode<Request>(text, [](const json& value) {
    Request request;
    request.operation = read_word(kOperations, value.at("operation").get<std::string>());
    request.plans = value.at("plans").get<std::vector<std::string>>();
    request.regions = value_from_json<std::vector<regions::RegionSpec>>(value.at("regions"), "regions");
    request.libvirt_uri = value.at("libvirt_uri").get<std::string>();
    request.owned = value.at("owned").get<bool>();
    request.names = value.at("names").get<std::vector<std::string>>();
    request.timeout_ms = value.at("timeout_ms").get<std::uint32_t>();
    return request;
  });
}

std::string encode(const Reply& reply) {
  json value = {{"version", kProtocolVersion}, {"kind", name_of(kKinds, reply.kind)}, {"text", reply.text}};
  value["vms"] = json::array();
  for (const auto& vm : reply.vms) value["vms"].push_back(to_json(vm));
  return dump(value);
}

Result<Reply> decode_reply(std::string_view text) {
  return decode<Reply>(text, [](const json& value) {
    Reply reply;
    reply.kind = read_word(kKinds, value.at("kind").get<std::string>());
    reply.text = value.at("text").get<std::string>();
    for (const json& vm : value.at("vms")) reply.vms.push_back(vm_from(vm));
    return reply;
  });
}

std::string statuses_to_json(const std::vector<VmStatus>& vms) {
  json value = {{"version", 1}, {"vms", json::array()}};
  for (const auto& vm : vms) value["vms"].push_back(to_json(vm));
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string frame(std::string_view message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  std::string framed;
  framed.reserve(message.size() + 4);
  for (unsigned shift = 0; shift < 32; shift += 8)
    framed.push_back(static_cast<char>((length >> shift) & 0xffU));
  framed.append(message);
  return framed;
}

Result<std::optional<std::string>> FrameReader::next() {
  if (x_buffer.size() < 4) return std::nullopt;
  std::size_t length = 0;
  for (unsigned i = 0; i < 4; ++i) length |= std::size_t{static_cast<unsigned char>(x_buffer[i])} << (8 * i);
  if (length > kMaxMessageBytes) {
    return fail(fmt::format("control message of {} bytes, at most {} are allowed", length, kMaxMessageBytes));
  }
  if (x_buffer.size() < 4 + length) return std::nullopt;
  std::string message = x_buffer.substr(4, length);
  x_buffer.erase(0, 4 + length);
  return message;
}

}  // namespace qvm::daemon
