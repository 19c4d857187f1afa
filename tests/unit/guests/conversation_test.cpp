// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The hello system without machines: a region in memory, participants that come, are scheduled and leave in
// random order.
#include "guests/hello/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using hello::Conversation;
using hello::Departure;
using hello::Role;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

struct Region;

class Participant final : public hello::Room {
 public:
  Participant(Region& region, unsigned index, Role role);

  void poke(std::uint32_t targets) override;
  void show(const char* line) override { lines.emplace_back(line); }

  bool has_news() const { return pending != 0 || changed; }
  std::uint32_t read_status();
  void run() { conversation->on_status(read_status()); }

  std::vector<std::string> lines;
  std::vector<std::uint32_t> pokes;
  std::uint32_t pending = 0;
  bool changed = false;
  std::unique_ptr<Conversation> conversation;

 private:
  Region& region_;
  unsigned index_;
};

struct Region {
  std::vector<char> data = std::vector<char>(hello::kMaxClients * hello::kSlotBytes);
  std::vector<std::unique_ptr<Participant>> clients =
      std::vector<std::unique_ptr<Participant>>(hello::kMaxClients);
  std::uint32_t sessions = 0;

  std::uint32_t attached() const {
    std::uint32_t set = 0;
    for (unsigned i = 0; i < hello::kMaxClients; ++i) set |= clients[i] != nullptr ? 1u << i : 0;
    return set;
  }
  void others_see_a_change(unsigned index) {
    for (unsigned i = 0; i < hello::kMaxClients; ++i) {
      if (i != index && clients[i] != nullptr) clients[i]->changed = true;
    }
  }
  unsigned join(Role role) {
    unsigned index = 0;
    while (clients[index] != nullptr) ++index;
    role.index = index;
    role.data = data.data();
    role.session = ++sessions;
    clients[index] = std::make_unique<Participant>(*this, index, role);
    others_see_a_change(index);
    clients[index]->conversation->begin(clients[index]->read_status());
    return index;
  }
  std::vector<std::string> leave(unsigned index) {
    std::vector<std::string> lines = clients[index]->lines;
    clients[index].reset();
    others_see_a_change(index);
    return lines;
  }
};

Participant::Participant(Region& region, unsigned index, Role role)
    : conversation(std::make_unique<Conversation>(role, *this)), region_(region), index_(index) {}

void Participant::poke(std::uint32_t targets) {
  pokes.push_back(targets);
  for (unsigned i = 0; i < hello::kMaxClients; ++i) {
    const bool meant = targets == hello::kEverybodyElse ? i != index_ : (targets >> i & 1) != 0;
    if (meant && region_.clients[i] != nullptr) region_.clients[i]->pending |= 1u << index_;
  }
}

std::uint32_t Participant::read_status() {
  const std::uint32_t status = region_.attached() << 16 | pending;
  pending = 0;
  changed = false;
  return status;
}

// Joins everybody and lets them act in the order that `seed` gives. Returns what each showed, in order of
// `roles`.
std::vector<std::vector<std::string>> play(const std::vector<Role>& roles, unsigned seed) {
  std::mt19937 random(seed);
  Region region;
  std::vector<std::vector<std::string>> shown(roles.size());
  std::vector<std::optional<unsigned>> places(roles.size());
  std::vector<bool> joined(roles.size());
  std::size_t gone = 0;
  for (unsigned step = 0; step < 20'000 && gone < roles.size(); ++step) {
    const std::size_t who = random() % roles.size();
    if (!joined[who]) {
      joined[who] = true;
      places[who] = region.join(roles[who]);
    } else if (places[who].has_value() && region.clients[*places[who]]->has_news()) {
      region.clients[*places[who]]->run();
    } else if (places[who].has_value() && region.clients[*places[who]]->conversation->finished()) {
      shown[who] = region.leave(*places[who]);
      places[who].reset();
      ++gone;
    }
  }
  EXPECT_EQ(gone, roles.size()) << "seed " << seed << ": somebody never leaves";
  return shown;
}

constexpr unsigned kSeeds = 500;
const Role kLeft{.name = "left", .chosen = "right"};
const Role kRight{.name = "right", .chosen = "left"};
const Role kHost{.name = "host", .departure = Departure::last};

}  // namespace

TEST(HelloConversation, TwoGuestsHearEachOtherInAnyOrder) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const auto shown = play({kLeft, kRight}, seed);
    ASSERT_THAT(shown[0], Contains(HasSubstr("(right) says: hello, I am right")).Times(1)) << "seed " << seed;
    ASSERT_THAT(shown[0],
                Contains(HasSubstr("(right) whispers: only you are poked for this, left")).Times(1));
    ASSERT_THAT(shown[1], Contains(HasSubstr("(left) says: hello, I am left")).Times(1));
    ASSERT_THAT(shown[1],
                Contains(HasSubstr("(left) whispers: only you are poked for this, right")).Times(1));
  }
}

TEST(HelloConversation, ThreeHearEachOtherWhenThreeAreWanted) {
  const Role left{.name = "left", .chosen = "right", .participants = 3};
  const Role right{.name = "right", .chosen = "left", .participants = 3};
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const auto shown = play({left, right, kHost}, seed);
    for (const auto& lines : {shown[0], shown[1]}) {
      ASSERT_THAT(lines, Contains(HasSubstr("(host) says: hello, I am host")).Times(1)) << "seed " << seed;
    }
    ASSERT_THAT(shown[2], Contains(HasSubstr("says: hello, I am left")).Times(1)) << "seed " << seed;
    ASSERT_THAT(shown[2], Contains(HasSubstr("says: hello, I am right")).Times(1)) << "seed " << seed;
    ASSERT_THAT(shown[2], Not(Contains(HasSubstr("whispers"))));
  }
}

TEST(HelloConversation, GuestsDoNotNeedAHostThatComesLate) {
  Region region;
  const unsigned left = region.join(kLeft);
  const unsigned right = region.join(kRight);
  while (region.clients[left]->has_news() || region.clients[right]->has_news()) {
    if (region.clients[left]->has_news()) region.clients[left]->run();
    if (region.clients[right]->has_news()) region.clients[right]->run();
  }
  ASSERT_TRUE(region.clients[left]->conversation->finished());
  const unsigned host = region.join(kHost);
  EXPECT_FALSE(region.clients[host]->conversation->finished());
  region.leave(left);
  region.leave(right);
  region.clients[host]->run();
  EXPECT_TRUE(region.clients[host]->conversation->finished());
}

TEST(HelloConversation, ManyGuestsAllLeave) {
  std::vector<Role> roles;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) roles.push_back({.name = name, .participants = 6});
  for (unsigned seed = 0; seed < kSeeds / 10; ++seed) play(roles, seed);
}

TEST(HelloConversation, NobodyIsNeededForOne) {
  const auto shown = play({Role{.name = "alone", .participants = 1}}, 1);
  EXPECT_THAT(shown[0], Contains("greeting everybody: poking all but me"));
}

TEST(HelloConversation, WaitsForWhomItWasToldToFind) {
  Region region;
  const unsigned left = region.join(kLeft);
  const unsigned other = region.join({.name = "other", .participants = 2});
  for (unsigned i = 0; i < 10; ++i) {
    if (region.clients[left]->has_news()) region.clients[left]->run();
    if (region.clients[other]->has_news()) region.clients[other]->run();
  }
  EXPECT_FALSE(region.clients[left]->conversation->finished());
  EXPECT_TRUE(region.clients[other]->conversation->finished());
}

TEST(HelloConversation, WhispersToTheChosenOneAlone) {
  Region region;
  region.join({.name = "other"});
  const unsigned right = region.join(kRight);
  const unsigned left = region.join(kLeft);
  region.clients[left]->pokes.clear();
  region.clients[right]->run();
  region.clients[left]->run();
  EXPECT_THAT(region.clients[left]->lines, Contains("whispering to client 1 (right): poking only it"));
  EXPECT_THAT(region.clients[left]->pokes, Each(1u << right));
}

TEST(HelloConversation, SomebodyElseAtAnIndexIsMetAnew) {
  Region region;
  const unsigned host = region.join(kHost);
  const unsigned first = region.join({.name = "first"});
  region.clients[host]->run();
  region.leave(first);
  ASSERT_EQ(region.join({.name = "second"}), first);
  region.clients[host]->run();
  EXPECT_THAT(region.clients[host]->lines, Contains("client 1 (second) says: hello, I am second"));
}

TEST(HelloConversation, AHostileSlotIsShownHarmlessly) {
  Region region;
  const unsigned host = region.join(kHost);
  const unsigned other = region.join({.name = "other"});
  auto* slot = reinterpret_cast<hello::Slot*>(region.data.data() + other * hello::kSlotBytes);
  for (char& character : slot->greeting) character = '\x1b';
  for (char& character : slot->name) character = '%';
  region.clients[host]->run();
  EXPECT_THAT(region.clients[host]->lines,
              Contains(HasSubstr("says: " + std::string(hello::kTextBytes - 1, '?'))));
}

TEST(HelloConversation, ASignalWithoutWordsIsMentionedOnce) {
  Region region;
  const unsigned host = region.join(kHost);
  region.clients[host]->conversation->on_status(0x0003'0002);
  region.clients[host]->conversation->on_status(0x0003'0002);
  EXPECT_THAT(region.clients[host]->lines, Contains("client 1 signals, but says nothing").Times(1));
}

TEST(HelloIndices, AreListed) {
  char text[hello::kIndicesBytes];
  hello::put_indices(text, 0x8403);
  EXPECT_STREQ(text, "0 1 10 15");
  hello::put_indices(text, 0);
  EXPECT_STREQ(text, "nobody");
  hello::put_indices(text, 0xffff);
  EXPECT_STREQ(text, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
}
