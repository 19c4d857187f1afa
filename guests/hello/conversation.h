// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How the participants of the hello system talk: each has a slot of its own in the region's data, into which
// nobody else writes, and pokes others when it has written something. Freestanding; guests and host program
// share it.
//
// Everybody greets everybody. Who was told a name to look for whispers to the one who has it, poking nobody
// else. Every text heard is confirmed in one's own slot. One leaves when all who are attached have confirmed
// and were heard.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hello {

inline constexpr unsigned kMaxClients = 16;
inline constexpr std::size_t kSlotBytes = 4096;  // slot i starts at i * kSlotBytes
inline constexpr std::size_t kNameBytes = 32;
inline constexpr std::size_t kTextBytes = 96;
inline constexpr std::uint32_t kSlotMagic = 0x4f4c4548;  // HELO
inline constexpr std::uint32_t kEverybodyElse = 0xffffffff;

enum Stage : std::uint32_t { kSilent = 0, kGreeted = 1, kWhispered = 2 };

// In shared memory. `session` is not 0 and differs from that of whoever had the index before.
struct Slot {
  std::uint32_t magic;
  std::uint32_t session;
  std::uint32_t stage;  // Stage; written last, after the texts that belong to it
  std::uint32_t reserved;
  char name[kNameBytes];
  char chosen[kNameBytes];  // whom the whisper is meant for; empty: there is none
  char greeting[kTextBytes];
  char whisper[kTextBytes];
  std::uint64_t heard[kMaxClients];  // per client: its session << 32 | the stage that I have heard of it
};
static_assert(sizeof(Slot) == 400 && offsetof(Slot, heard) == 272);
static_assert(sizeof(Slot) <= kSlotBytes);

// What a participant needs from where it runs.
class Room {
 public:
  // Interrupts the clients of the set, or everybody else for kEverybodyElse.
  virtual void poke(std::uint32_t targets) = 0;
  // Shows one line of text, without line end.
  virtual void show(const char* line) = 0;

 protected:
  ~Room() = default;
};

enum class Departure : std::uint8_t {
  when_done,  // everybody attached has heard me and was heard
  last        // only when all others have come and gone
};

struct Role {
  const char* name = "";      // cut off at kNameBytes - 1, as `chosen`
  const char* chosen = "";    // must have come and heard my whisper before I leave; empty: nobody
  unsigned participants = 2;  // how many must have taken part, me included, before I leave
  Departure departure = Departure::when_done;
  std::uint32_t session = 1;  // not 0
  unsigned index = 0;         // mine
  void* data = nullptr;       // of the region, at least kMaxClients slots; must outlive the conversation
};

class Conversation {
 public:
  // room must outlive the conversation.
  Conversation(const Role& role, Room& room);

  // Fills my slot and greets everybody. status: a first status as the device gives it.
  void begin(std::uint32_t status);
  // Takes a status that was read after an interrupt: who signalled (15..0), who is attached (31..16). One
  // without news is legal and does nothing.
  void on_status(std::uint32_t status);
  // True when I may detach.
  bool finished() const;

 private:
  struct Peer {
    std::uint32_t session = 0;  // 0: not heard yet
    std::uint32_t heard = kSilent;
    bool chose_me = false;
    bool is_chosen = false;
    bool odd = false;  // signals, but its slot is not one of ours; said once
    char name[kNameBytes] = {};
  };

  Slot& mine() const { return slots(index_); }
  Slot& slots(unsigned index) const;
  void show_status(std::uint32_t status);
  void update_attached(std::uint32_t attached, bool greet_newcomers);
  void listen_to(unsigned index);
  void hear_greeting(unsigned index, const Slot& slot);
  void whisper_to(unsigned index);
  bool done_with(unsigned index) const;

  Room& room_;
  unsigned index_;
  unsigned participants_;
  Departure departure_;
  std::uint32_t session_;
  void* data_;
  char name_[kNameBytes];
  char chosen_[kNameBytes];
  std::uint32_t attached_ = 0;
  unsigned met_ = 0;
  bool whispered_ = false;
  bool company_ = false;  // somebody else was attached at some time
  Peer peers_[kMaxClients];
};

// Puts a set of indices as text, such as `0 1 5` or `nobody`.
inline constexpr std::size_t kIndicesBytes = 3 * kMaxClients + 8;
void put_indices(char (&text)[kIndicesBytes], std::uint32_t set);

}  // namespace hello
