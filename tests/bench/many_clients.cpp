// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// many_clients REGIONS SOCKET...: one client for each socket, four clients in each region. Prints how long
// attaches and signals take, then waits until standard input ends.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "qvm/regions/client/client.h"

namespace {

using Clock = std::chrono::steady_clock;
using qvm::regions::AttachRequest;
using qvm::regions::Client;
using qvm::regions::Connection;

constexpr unsigned kPerRegion = 4;

void print(const char* what, std::vector<double>& micros) {
  std::sort(micros.begin(), micros.end());
  std::printf("%s count=%zu median_ns=%.0f p99_ns=%.0f max_ns=%.0f\n", what, micros.size(),
              micros[micros.size() / 2] * 1000, micros[micros.size() * 99 / 100] * 1000,
              micros.back() * 1000);
}

double micros_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: many_clients REGIONS SOCKET...\n");
    return 2;
  }
  const auto regions = static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 2; i < argc; ++i) {
    auto client = Client::connect(argv[i], "shmem0");
    if (!client) {
      std::fprintf(stderr, "many_clients: %s\n", client.error().message().c_str());
      return 1;
    }
    clients.push_back(std::move(*client));
  }
  const auto count = static_cast<unsigned>(clients.size());
  std::vector<double> attaches;
  for (unsigned region = 0; region < regions; ++region) {
    for (unsigned member = 0; member < kPerRegion; ++member) {
      AttachRequest request;
      request.name = "many" + std::to_string(region);
      request.pages = 1;
      const auto start = Clock::now();
      if (clients[(region + member * 7) % count]->attach(request, std::chrono::seconds(2)).connection ==
          nullptr) {
        std::fprintf(stderr, "many_clients: attach to '%s' failed\n", request.name.c_str());
        return 1;
      }
      attaches.push_back(micros_since(start));
    }
    for (const auto& client : clients) client->process();
  }
  print("attach", attaches);
  // From the call to the poll that tells of it, one thread: no context switch is in it.
  std::vector<double> signals;
  for (int round = 0; round < 4; ++round) {
    for (unsigned region = 0; region < regions; ++region) {
      Client& from = *clients[region % count];
      Client& to = *clients[(region + 7) % count];
      const std::string name = "many" + std::to_string(region);
      const auto of = [&name](const Client& client) {
        return *std::find_if(client.connections().begin(), client.connections().end(),
                             [&name](const Connection* one) { return one->name() == name; });
      };
      Connection* sender = of(from);
      Connection* receiver = of(to);
      receiver->read_status();
      to.process();
      const auto start = Clock::now();
      sender->notify(1U << receiver->index());
      pollfd news{to.event_fd(), POLLIN, 0};
      const bool heard = ::poll(&news, 1, 1000) == 1;
      const std::uint32_t status = receiver->read_status();
      signals.push_back(micros_since(start));
      if (!heard || (status & 1U << sender->index()) == 0) {
        std::fprintf(stderr, "many_clients: a signal was lost\n");
        return 1;
      }
    }
  }
  print("signal", signals);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
