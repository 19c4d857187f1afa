// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/integration/regions/storm_worker.h"

#include <poll.h>
#include <qvmshm.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "qvm/base/mapping.h"
#include "qvm/regions/client/client.h"

namespace qvm::regions {
namespace {

constexpr int kPauseMs = 2;

// False once the storm is over.
bool pause(int stop, int ms) {
  pollfd over{stop, POLLIN, 0};
  return ::poll(&over, 1, ms) == 0;
}

void run_host_program(const StormWorker& worker, int stop, std::minstd_rand& random) {
  qvmshm_t* handle = nullptr;
  const std::string label = "worker" + std::to_string(worker.number);
  while (qvmshm_open(worker.runtime_directory.c_str(), label.c_str(), &handle) != 0) {
    if (!pause(stop, kPauseMs)) return;
  }
  std::atomic<bool> done = false;
  // Another thread of the program uses the same handle, at any moment.
  std::thread other([&] {
    while (!done) {
      pollfd news{qvmshm_event_fd(handle), POLLIN, 0};
      ::poll(&news, 1, 1);
      qvmshm_status(handle);
      qvmshm_poke(handle, 0xffffffff);
    }
  });
  while (pause(stop, 0)) {
    if (qvmshm_attach(handle, storm_region(random() % kStormRegions).c_str(), 1, 0, 0) != 0) {
      ++worker.table->refusals;
      if (!pause(stop, kPauseMs)) break;
      continue;
    }
    ++worker.table->attaches;
    auto& seats = *static_cast<StormSeats*>(qvmshm_data(handle));
    const auto index = static_cast<unsigned>(qvmshm_index(handle));
    take_seat(*worker.table, seats, index, worker.number);
    const bool stay = random() % 4 == 0;
    if (!stay || pause(stop, static_cast<int>(random() % 20)))
      qvmshm_poke(handle, static_cast<std::uint32_t>(random()));
    leave_seat(seats, index, worker.number);
    qvmshm_detach(handle);
  }
  done = true;
  other.join();
  qvmshm_close(handle);
}

void visit(const StormWorker& worker, Client& client, int stop, std::minstd_rand& random) {
  AttachRequest request;
  request.name = storm_region(random() % kStormRegions);
  request.pages = 1;
  Connection* connection = client.attach(request, std::chrono::seconds(2)).connection;
  if (connection == nullptr) {
    ++worker.table->refusals;
    return;
  }
  ++worker.table->attaches;
  auto data = Mapping::map(connection->data_fd(), kPageBytes, Mapping::Access::read_write);
  if (data) {
    auto& seats = *static_cast<StormSeats*>(data->data());
    take_seat(*worker.table, seats, connection->index(), worker.number);
    for (int i = 0; i < 4; ++i) {
      connection->notify(0xffffffff);
      if (random() % 4 == 0) pause(stop, static_cast<int>(random() % 10));
      client.process();
      connection->read_status();
    }
    leave_seat(seats, connection->index(), worker.number);
  }
  client.detach(connection);
}

void run_vm(const StormWorker& worker, int stop, std::minstd_rand& random) {
  const std::string socket = worker.runtime_directory + "/vm/" + worker.vm + "/regions.sock";
  while (pause(stop, 0)) {
    // The VM may have to be registered again first.
    auto client = Client::connect(socket, "shmem0");
    if (!client && !pause(stop, kPauseMs)) return;
    const auto visits = static_cast<unsigned>(random() % 200);
    for (unsigned i = 0; client && i < visits && pause(stop, 0); ++i) visit(worker, **client, stop, random);
  }
}

}  // namespace

void take_seat(StormTable& table, StormSeats& seats, unsigned index, std::uint32_t worker) {
  const std::uint32_t before = seats.worker[index].exchange(worker);
  if (before == 0 || before >= kStormLives || table.state[before] != StormTable::alive) return;
  table.conflict_index = index;
  table.conflict_old = before;
  table.conflict_new = worker;
  ++table.conflicts;
}

void leave_seat(StormSeats& seats, unsigned index, std::uint32_t worker) {
  seats.worker[index].compare_exchange_strong(worker, 0);
}

void run_storm_worker(const StormWorker& worker, int stop) {
  std::minstd_rand random(worker.number);
  if (worker.vm.empty()) {
    run_host_program(worker, stop, random);
  } else {
    run_vm(worker, stop, random);
  }
  // What a sanitizer has found becomes the exit status.
  std::exit(0);
}

}  // namespace qvm::regions
