// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A client of qvm-regiond that speaks the protocol itself and may say anything.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "qvm/regions/wire/wire.h"

namespace qvm::regions {

class RawClient {
 public:
  explicit RawClient(const std::string& socket, std::string who = "raw") : x_who(std::move(who)) {
    auto connected = wire::connect_to(socket);
    EXPECT_TRUE(connected) << connected.error().message();
    if (connected) x_socket = std::move(*connected);
  }

  int socket() const { return x_socket.get(); }
  void send(std::span<const std::byte> bytes, std::span<const int> descriptors = {}) {
    EXPECT_EQ(wire::send(x_socket.get(), bytes, descriptors), wire::Outcome::done);
  }
  template <class T>
  void send_one(T request) {
    send(wire::prepare(request));
  }
  void hello(std::uint64_t resume = 0) {
    wire::Hello request;
    std::memcpy(request.who.data(), x_who.data(), std::min(x_who.size(), request.who.size()));
    request.resume = resume;
    send(wire::prepare(request, 0, wire::sent_size(request)));
  }
  void attach(const std::string& name, std::uint32_t pages = 1) {
    wire::Attach request;
    request.pages = pages;
    request.name_size = static_cast<std::uint32_t>(name.size());
    std::memcpy(request.name.data(), name.data(), name.size());
    send(wire::prepare(request, 7));
  }
  // The next message, waiting up to 5 s.
  wire::Outcome receive() {
    pollfd waiting{x_socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5000) != 1) return wire::Outcome::would_block;
    return wire::receive(x_socket.get(), message, wire::kMaxDescriptors);
  }
  std::uint64_t welcomed() {
    hello();
    EXPECT_EQ(receive(), wire::Outcome::done);
    const auto* welcome = message.as<wire::Welcome>();
    EXPECT_NE(welcome, nullptr);
    return welcome != nullptr ? welcome->session : 0;
  }

  // Attaches, or returns null; the reply and its descriptors are in message until the next receive().
  const wire::AttachReply* attached(const std::string& name, std::uint32_t pages = 1) {
    attach(name, pages);
    while (receive() == wire::Outcome::done) {
      if (const auto* reply = message.as<wire::AttachReply>()) return reply;
    }
    return nullptr;
  }
  UniqueFd take(std::size_t descriptor) { return std::move(message.descriptors.at(descriptor)); }

  wire::Message message;

 private:
  std::string x_who;
  UniqueFd x_socket;
};

}  // namespace qvm::regions
