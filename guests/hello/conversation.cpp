// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/hello/conversation.h"

#include "guests/baremetal/print.h"

namespace hello {
namespace {

constexpr std::size_t kLineBytes = 240;

bool contains(std::uint32_t set, unsigned index) {
  return (set >> index & 1) != 0;
}

bool same_text(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) {
    ++left;
    ++right;
  }
  return *left == *right;
}

template <std::size_t N>
void copy_text(char (&target)[N], const char* source) {
  std::size_t length = 0;
  while (length + 1 < N && source[length] != '\0') {
    target[length] = source[length];
    ++length;
  }
  while (length < N) target[length++] = '\0';
}

// The peer may write while we read and may write anything: one pass over the bytes, ended here, printable.
template <std::size_t N>
void take_text(char (&target)[N], const char (&shared)[N]) {
  const volatile char* source = shared;
  std::size_t length = 0;
  for (; length + 1 < N; ++length) {
    const char character = source[length];
    if (character == '\0') break;
    target[length] = character >= ' ' && character <= '~' ? character : '?';
  }
  while (length < N) target[length++] = '\0';
}

std::uint64_t confirmation(std::uint32_t session, std::uint32_t stage) {
  return std::uint64_t{session} << 32 | stage;
}

std::uint32_t load(const std::uint32_t& word) {
  return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}

}  // namespace

void put_indices(char (&text)[kIndicesBytes], std::uint32_t set) {
  if (set == 0) {
    copy_text(text, "nobody");
    return;
  }
  std::size_t length = 0;
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (!contains(set, i)) continue;
    if (length > 0) text[length++] = ' ';
    if (i >= 10) text[length++] = '1';
    text[length++] = static_cast<char>('0' + i % 10);
  }
  text[length] = '\0';
}

Conversation::Conversation(const Role& role, Room& room)
    : room_(room),
      index_(role.index),
      participants_(role.participants),
      departure_(role.departure),
      session_(role.session),
      data_(role.data) {
  copy_text(name_, role.name);
  copy_text(chosen_, role.chosen);
}

Slot& Conversation::slots(unsigned index) const {
  return *reinterpret_cast<Slot*>(static_cast<char*>(data_) + index * kSlotBytes);
}

void Conversation::begin(std::uint32_t status) {
  Slot& slot = mine();
  __atomic_store_n(&slot.stage, std::uint32_t{kSilent}, __ATOMIC_RELEASE);
  for (std::uint64_t& heard : slot.heard) __atomic_store_n(&heard, std::uint64_t{0}, __ATOMIC_RELAXED);
  copy_text(slot.name, name_);
  copy_text(slot.chosen, chosen_);
  guest::format(slot.greeting, "hello, I am {}", static_cast<const char*>(name_));
  copy_text(slot.whisper, "");
  slot.reserved = 0;
  slot.session = session_;
  slot.magic = kSlotMagic;
  __atomic_store_n(&slot.stage, std::uint32_t{kGreeted}, __ATOMIC_RELEASE);

  update_attached(status >> 16, false);
  room_.show("greeting everybody: poking all but me");
  room_.poke(kEverybodyElse);
  if ((status & 0xffff) != 0) show_status(status);
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (contains(status, i)) listen_to(i);
  }
}

void Conversation::show_status(std::uint32_t status) {
  char signalled[kIndicesBytes];
  char present[kIndicesBytes];
  put_indices(signalled, status & 0xffff);
  put_indices(present, status >> 16);
  char line[kLineBytes];
  guest::format(line, "signalled by: {}; attached now: {}", static_cast<const char*>(signalled),
                static_cast<const char*>(present));
  room_.show(line);
}

void Conversation::on_status(std::uint32_t status) {
  const std::uint32_t senders = status & 0xffff;
  const std::uint32_t attached = status >> 16;
  if (senders == 0 && attached == attached_) return;
  show_status(status);
  // Texts first: who has said its last word and left is heard all the same.
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (contains(senders, i)) listen_to(i);
  }
  update_attached(attached, true);
}

void Conversation::update_attached(std::uint32_t attached, bool greet_newcomers) {
  const std::uint32_t before = attached_;
  attached_ = attached;
  char line[kLineBytes];
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (i == index_ || contains(before, i) == contains(attached, i)) continue;
    if (contains(attached, i)) {
      company_ = true;
      if (!greet_newcomers) continue;
      guest::format(line, "client {} came: poking only client {}", i, i);
      room_.show(line);
      room_.poke(1u << i);
    } else {
      guest::format(line, "client {} left ({})", i,
                    peers_[i].session != 0 ? peers_[i].name : "never heard of it");
      room_.show(line);
      peers_[i] = Peer{};
    }
  }
}

void Conversation::listen_to(unsigned index) {
  if (index == index_) return;
  Peer& peer = peers_[index];
  const Slot& slot = slots(index);
  const std::uint32_t stage = load(slot.stage);
  const std::uint32_t session = load(slot.session);
  if (load(slot.magic) != kSlotMagic || session == 0 || stage == kSilent) {
    if (!peer.odd) {
      char line[kLineBytes];
      guest::format(line, "client {} signals, but says nothing", index);
      room_.show(line);
    }
    peer.odd = true;
    return;
  }
  if (peer.session != session) {
    peer = Peer{};
    peer.session = session;
    hear_greeting(index, slot);
  }
  if (peer.chose_me && stage >= kWhispered && peer.heard < kWhispered) {
    char text[kTextBytes];
    take_text(text, slot.whisper);
    char line[kLineBytes];
    guest::format(line, "client {} ({}) whispers: {}", index, static_cast<const char*>(peer.name),
                  static_cast<const char*>(text));
    room_.show(line);
    peer.heard = kWhispered;
  }
  const std::uint64_t confirmed = confirmation(session, peer.heard);
  std::uint64_t& mine_of_it = mine().heard[index];
  const bool news = __atomic_load_n(&mine_of_it, __ATOMIC_RELAXED) != confirmed;
  __atomic_store_n(&mine_of_it, confirmed, __ATOMIC_RELEASE);
  if (peer.is_chosen && !whispered_) {
    whisper_to(index);
  } else if (news) {
    room_.poke(1u << index);
  }
}

void Conversation::hear_greeting(unsigned index, const Slot& slot) {
  Peer& peer = peers_[index];
  char chosen_by_it[kNameBytes];
  char text[kTextBytes];
  take_text(peer.name, slot.name);
  take_text(chosen_by_it, slot.chosen);
  take_text(text, slot.greeting);
  peer.chose_me = chosen_by_it[0] != '\0' && same_text(chosen_by_it, name_);
  peer.is_chosen = chosen_[0] != '\0' && same_text(peer.name, chosen_);
  peer.heard = kGreeted;
  ++met_;
  char line[kLineBytes];
  guest::format(line, "client {} ({}) says: {}", index, static_cast<const char*>(peer.name),
                static_cast<const char*>(text));
  room_.show(line);
}

void Conversation::whisper_to(unsigned index) {
  whispered_ = true;
  Slot& slot = mine();
  guest::format(slot.whisper, "only you are poked for this, {}", static_cast<const char*>(chosen_));
  __atomic_store_n(&slot.stage, std::uint32_t{kWhispered}, __ATOMIC_RELEASE);
  char line[kLineBytes];
  guest::format(line, "whispering to client {} ({}): poking only it", index,
                static_cast<const char*>(chosen_));
  room_.show(line);
  room_.poke(1u << index);
}

bool Conversation::done_with(unsigned index) const {
  const Peer& peer = peers_[index];
  if (peer.session == 0 || peer.heard < (peer.chose_me ? kWhispered : kGreeted)) return false;
  const std::uint64_t confirmed = __atomic_load_n(&slots(index).heard[index_], __ATOMIC_ACQUIRE);
  return confirmed >= confirmation(session_, peer.is_chosen ? kWhispered : kGreeted) &&
         confirmed <= confirmation(session_, kWhispered);
}

bool Conversation::finished() const {
  const std::uint32_t others = attached_ & ~(1u << index_);
  if (departure_ == Departure::last) return company_ && others == 0;
  if (met_ + 1 < participants_ || (chosen_[0] != '\0' && !whispered_)) return false;
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (contains(others, i) && !done_with(i)) return false;
  }
  return true;
}

}  // namespace hello
