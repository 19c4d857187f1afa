// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control/protocol.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "qvm/base/json_fields.h"
#include "qvm/lifecycle/vm_status_fields.h"
#include "qvm/regions/model/policy_fields.h"

namespace qvm {

template <>
inline constexpr auto kWords<daemon::Request::Operation> =
    Names<daemon::Request::Operation, 7>{{{daemon::Request::Operation::prepare, "prepare"},
                                          {daemon::Request::Operation::start, "start"},
                                          {daemon::Request::Operation::cancel, "cancel"},
                                          {daemon::Request::Operation::stop, "stop"},
                                          {daemon::Request::Operation::list, "list"},
                                          {daemon::Request::Operation::watch, "watch"},
                                          {daemon::Request::Operation::leave, "leave"}}};

template <>
inline constexpr auto kFields<daemon::Request> = std::tuple{
    Field{"operation", &daemon::Request::operation},  Field{"plans", &daemon::Request::plans},
    Field{"regions", &daemon::Request::regions},      Field{"libvirt_uri", &daemon::Request::libvirt_uri},
    Field{"owned", &daemon::Request::owned},          Field{"names", &daemon::Request::names},
    Field{"timeout_ms", &daemon::Request::timeout_ms}};

template <>
inline constexpr auto kWords<daemon::Reply::Kind> =
    Names<daemon::Reply::Kind, 5>{{{daemon::Reply::Kind::welcome, "welcome"},
                                   {daemon::Reply::Kind::progress, "progress"},
                                   {daemon::Reply::Kind::vm, "vm"},
                                   {daemon::Reply::Kind::done, "done"},
                                   {daemon::Reply::Kind::failed, "failed"}}};

template <>
inline constexpr auto kFields<daemon::Reply> =
    std::tuple{Field{"kind", &daemon::Reply::kind}, Field{"text", &daemon::Reply::text},
               Field{"vms", &daemon::Reply::vms}};

}  // namespace qvm

namespace qvm::daemon {
namespace {

using nlohmann::json;

template <class Message>
std::string encode_message(const Message& message) {
  json value = {{"version", kProtocolVersion}};
  write_fields(value, message);
  // Bytes that are not UTF-8 (a guest's or a user's) must not end the daemon.
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Message>
Result<Message> decode_message(std::string_view text) {
  try {
    const json value = json::parse(text);
    if (const int version = version_of(value); version != kProtocolVersion) {
      return fail(
          fmt::format("control protocol version {}, expected {}: qvm and qvmd are of different releases",
                      version, kProtocolVersion));
    }
    return read_fields<Message>(value);
  } catch (const std::exception& error) {
    return fail(fmt::format("malformed control message: {}", error.what()));
  }
}

}  // namespace

std::string_view to_string(Request::Operation operation) {
  return name_of(kWords<Request::Operation>, operation);
}

std::string encode(const Request& request) {
  return encode_message(request);
}

Result<Request> decode_request(std::string_view text) {
  return decode_message<Request>(text);
}

std::string encode(const Reply& reply) {
  return encode_message(reply);
}

Result<Reply> decode_reply(std::string_view text) {
  return decode_message<Reply>(text);
}

std::string statuses_to_json(const std::vector<VmStatus>& vms) {
  const json value = {{"version", 1}, {"vms", value_to_json<json>(vms)}};
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
