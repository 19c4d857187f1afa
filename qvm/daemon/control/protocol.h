// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The control protocol between qvm and qvmd: JSON messages, each after its length, over a stream socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/lifecycle/vm_status.h"
#include "qvm/regions/model/policy.h"

namespace qvm::daemon {

inline constexpr int kProtocolVersion = 3;
// Of one message. A plan has some 10 KiB; this is for a hundred VMs and ends what is not a client of ours.
inline constexpr std::size_t kMaxMessageBytes = 16U << 20U;

// What is told of VMs.
using lifecycle::Outcome;
using lifecycle::to_string;
using lifecycle::VmState;
using lifecycle::VmStatus;

struct Request {
  enum class Operation {
    prepare,  // VMs will be started soon: get ready; no answer
    start,    // plans, regions, libvirt_uri, owned; then the client hears about these VMs until it hangs up
    cancel,   // of the start under way; its answer comes as `failed`
    stop,     // names (none: all), timeout_ms
    list,
    watch,  // names; answers `done` with their state now; owned: the VMs end with this connection
    leave,  // the client is done; `done` tells in text whether qvmd ends ("ends") or stays ("stays")
  };
  Operation operation = Operation::list;
  std::vector<std::string> plans{};  // JSON of VmPlans
  std::vector<regions::RegionSpec> regions{};
  std::string libvirt_uri{};  // empty: embedded
  bool owned = false;         // stop the VMs when this connection ends
  std::vector<std::string> names{};
  std::uint32_t timeout_ms = 0;  // stop: how long guests may take to power off before they are ended

  bool operator==(const Request&) const = default;
};

struct Reply {
  enum class Kind {
    welcome,   // first of every connection: text is qvmd's version
    progress,  // text for people
    vm,        // news about a VM
    done,      // the request succeeded: vms (list, start, stop, watch), text (leave)
    failed,    // text: why
  };
  Kind kind = Kind::done;
  std::string text{};
  std::vector<VmStatus> vms{};

  bool operator==(const Reply&) const = default;
};

std::string_view to_string(Request::Operation operation);

// Text of a message without its length. decode fails on anything that is not exactly such a message.
std::string encode(const Request& request);
std::string encode(const Reply& reply);
Result<Request> decode_request(std::string_view text);
Result<Reply> decode_reply(std::string_view text);

// `qvm ps --json`: see schemas/ps.schema.json.
std::string statuses_to_json(const std::vector<VmStatus>& vms);

// message with its length in front: four bytes, little-endian.
std::string frame(std::string_view message);

// Cuts a stream of bytes into messages.
class FrameReader {
 public:
  void append(std::string_view bytes) { x_buffer.append(bytes); }
  // The next whole message, nullopt if more bytes are needed. Fails for good if a length is over the limit.
  Result<std::optional<std::string>> next();

 private:
  std::string x_buffer;
};

}  // namespace qvm::daemon
