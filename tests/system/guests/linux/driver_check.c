/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs in a Linux guest whose driver serves /dev/guest-shm0: good and bad uses of the device file. Says which
 * check failed; exit status 0 if none did. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/guest_shm.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICE "/dev/guest-shm0"
#define PAGE 4096
#define UNBIND "/sys/bus/platform/drivers/guest-shm/unbind"
#define BIND "/sys/bus/platform/drivers/guest-shm/bind"

static int failures;
static int checks;
#define CHECK(condition)                                                           \
  do {                                                                             \
    ++checks;                                                                      \
    if (!(condition)) {                                                            \
      ++failures;                                                                  \
      printf("driver-check:%d: %s (%s)\n", __LINE__, #condition, strerror(errno)); \
    }                                                                              \
  } while (0)
#define CHECK_FAILS(call, wanted)             \
  do {                                        \
    errno = 0;                                \
    CHECK((call) == -1 && errno == (wanted)); \
  } while (0)

static sigjmp_buf fault_return;

static void on_fault(int signal) {
  siglongjmp(fault_return, signal);
}

/* The signal that reading this byte ends in; 0: none. */
static int fault_of(const volatile char* byte) {
  int signal = sigsetjmp(fault_return, 1);
  if (signal == 0) (void)*byte;
  return signal;
}

static int open_device(void) {
  const int device = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  CHECK(device >= 0);
  return device;
}

static int attach(int device, const char* name, uint32_t pages, struct guest_shm_attach* region) {
  memset(region, 0, sizeof *region);
  memcpy(region->name, name, strnlen(name, sizeof region->name - 1));
  region->pages = pages;
  return ioctl(device, GUEST_SHM_ATTACH, region);
}

static void* map(int device, const struct guest_shm_attach* region) {
  return mmap(NULL, (size_t)region->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
              (off_t)region->offset);
}

static int wait_for_news(int device, struct guest_shm_news* news) {
  struct pollfd waiting = {device, POLLIN, 0};
  memset(news, 0, sizeof *news);
  if (poll(&waiting, 1, 5000) != 1) return -1;
  return read(device, news, sizeof *news) == (ssize_t)sizeof *news ? 0 : -1;
}

static uint32_t attached_of(int device) {
  struct guest_shm_news news;
  return wait_for_news(device, &news) == 0 ? news.attached : 0;
}

static int poke(int device, uint32_t targets) {
  return ioctl(device, GUEST_SHM_POKE, &targets);
}

static void check_refusals(void) {
  const int device = open_device();
  struct guest_shm_attach region;
  struct guest_shm_news news;
  CHECK_FAILS(ioctl(device, 0x12345678), ENOTTY);
  CHECK_FAILS(ioctl(device, GUEST_SHM_ATTACH, NULL), EFAULT);
  CHECK_FAILS(ioctl(device, GUEST_SHM_POKE, NULL), EFAULT);
  CHECK_FAILS(poke(device, 1), ENOTCONN);
  CHECK_FAILS(read(device, &news, sizeof news), ENOTCONN);
  CHECK_FAILS(read(device, &news, 3), EINVAL);
  CHECK_FAILS(attach(device, "", 1, &region), EINVAL);
  CHECK_FAILS(attach(device, "a/b", 1, &region), EINVAL);
  CHECK_FAILS(attach(device, "no-such-region", 0, &region), ENOENT);
  CHECK_FAILS(attach(device, "forbidden", 1, &region), EACCES);
  memset(&region, 'x', sizeof region);
  CHECK_FAILS(ioctl(device, GUEST_SHM_ATTACH, &region), EINVAL);
  CHECK(ioctl(device, GUEST_SHM_DETACH) == 0);
  CHECK_FAILS(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED ? -1 : 0, ENOTCONN);
  CHECK(close(device) == 0);
}

/* An answer that the process cannot be given leaves nothing attached. */
static void check_unwritable_answer(void) {
  const int device = open_device();
  struct guest_shm_attach* region =
      mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(region != MAP_FAILED);
  strcpy(region->name, "unwritable");
  region->pages = 1;
  CHECK(mprotect(region, PAGE, PROT_READ) == 0);
  CHECK_FAILS(ioctl(device, GUEST_SHM_ATTACH, region), EFAULT);
  CHECK_FAILS(poke(device, 1), ENOTCONN);
  CHECK(munmap(region, PAGE) == 0 && close(device) == 0);
}

/* Commands near to ours and far from them, with arguments that lead anywhere. */
static void check_nonsense(void) {
  const int device = open_device();
  char* buffer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int i;
  CHECK(buffer != MAP_FAILED);
  srandom(1);
  for (i = 0; i < 20000; ++i) {
    const unsigned long number = (unsigned long)random() << 16 ^ (unsigned long)random();
    const unsigned long pointers[] = {
        0, ~0ul, 0xffff888000000000ul, (unsigned long)buffer, (unsigned long)buffer + PAGE - 8, number};
    const unsigned long near_to_ours = (number & 0xffff0000u) | 'Q' << 8 | (0x60 + (number & 7));
    const unsigned long ours[] = {GUEST_SHM_ATTACH, GUEST_SHM_DETACH, GUEST_SHM_POKE, near_to_ours};
    memset(buffer, (int)number, sizeof(struct guest_shm_attach));
    if (number & 8) memset(buffer + 1 + number % 31, 0, sizeof(struct guest_shm_attach) - 31);
    (void)ioctl(device, ours[random() % 4], pointers[random() % 6]);
  }
  CHECK(munmap(buffer, PAGE) == 0 && close(device) == 0);
}

static void check_mappings(void) {
  const int device = open_device();
  struct guest_shm_attach region, again;
  char *whole, *part;
  CHECK(attach(device, "maps", 4, &region) == 0 && region.pages == 4 && region.index == 0);
  CHECK_FAILS(attach(device, "maps", 4, &again), EBUSY);
  whole = map(device, &region);
  CHECK(whole != MAP_FAILED);
  part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, (off_t)region.offset + 2 * PAGE);
  CHECK(part != MAP_FAILED);
  CHECK(whole[0] == 0 && whole[4 * PAGE - 1] == 0);
  strcpy(whole + 2 * PAGE, "through one, seen in the other");
  CHECK(strcmp(part, "through one, seen in the other") == 0);
  CHECK_FAILS(
      mmap(NULL, 5 * PAGE, PROT_READ, MAP_SHARED, device, (off_t)region.offset) == MAP_FAILED ? -1 : 0,
      EINVAL);
  CHECK_FAILS(
      mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, (off_t)region.offset - PAGE) == MAP_FAILED ? -1 : 0,
      EINVAL);
  CHECK_FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, device, (off_t)region.offset) == MAP_FAILED ? -1 : 0,
              EINVAL);
  CHECK(fault_of(whole) == 0);
  /* Leaving takes the memory away, however it is mapped. */
  CHECK(ioctl(device, GUEST_SHM_DETACH) == 0);
  CHECK(fault_of(whole) == SIGBUS && fault_of(part) == SIGBUS);
  /* A new attachment does not come back into old mappings of another place. */
  CHECK(attach(device, "other", 1, &region) == 0);
  (void)fault_of(whole); /* the new one may stand where the old one did */
  CHECK(fault_of(whole + PAGE) == SIGBUS && fault_of(whole + 3 * PAGE) == SIGBUS);
  CHECK(munmap(whole, 4 * PAGE) == 0 && munmap(part, PAGE) == 0);
  CHECK(close(device) == 0);
}

/* Large enough for huge pages, which the kernel has to split and to give up. */
static void check_large_mapping(void) {
  enum { pages = 1025, hole = 300 };
  const int device = open_device();
  struct guest_shm_attach region;
  char *whole, word[8] = "";
  struct iovec here = {word, sizeof word}, there;
  int i, status = -1;
  CHECK(attach(device, "large", pages, &region) == 0);
  whole = map(device, &region);
  CHECK(whole != MAP_FAILED);
  for (i = 0; i < pages; ++i) whole[(size_t)i * PAGE] = (char)i;
  /* Not memory that the kernel may hold for somebody: to be refused, not to be followed. */
  there = (struct iovec){whole + 200 * PAGE, sizeof word};
  CHECK_FAILS(process_vm_readv(getpid(), &here, 1, &there, 1, 0), EFAULT);
  CHECK(munmap(whole + hole * PAGE, PAGE) == 0);
  CHECK(mprotect(whole + 600 * PAGE, PAGE, PROT_READ) == 0);
  for (i = 0; i < pages; ++i)
    if (i != hole) CHECK(whole[(size_t)i * PAGE] == (char)i);
  if (fork() == 0) _exit(whole[1024 * PAGE] != (char)1024 || whole[700 * PAGE] != (char)700);
  CHECK(wait(&status) > 0 && status == 0);
  CHECK(ioctl(device, GUEST_SHM_DETACH) == 0);
  CHECK(fault_of(whole) == SIGBUS && fault_of(whole + 700 * PAGE) == SIGBUS);
  CHECK(munmap(whole, (size_t)pages * PAGE) == 0 && close(device) == 0);
}

static void check_signals(void) {
  const int one = open_device(), two = open_device();
  struct guest_shm_attach first, second;
  struct guest_shm_news news;
  char *mine, *theirs;
  CHECK(attach(one, "talk", 16, &first) == 0 && first.index == 0);
  CHECK(wait_for_news(one, &news) == 0 && news.attached == 1 && news.senders == 0);
  CHECK(attach(two, "talk", 0, &second) == 0 && second.index == 1 && second.pages == 16);
  CHECK(second.offset != first.offset);
  CHECK(attached_of(one) == 3 && attached_of(two) == 3);
  CHECK_FAILS(read(one, &news, sizeof news), EAGAIN);
  mine = map(one, &first);
  theirs = map(two, &second);
  CHECK(mine != MAP_FAILED && theirs != MAP_FAILED);
  strcpy(mine, "good morning");
  CHECK(poke(one, GUEST_SHM_ALL_BUT_ME) == 0);
  CHECK(wait_for_news(two, &news) == 0 && news.senders == 1 && news.attached == 3);
  CHECK(strcmp(theirs, "good morning") == 0);
  CHECK_FAILS(read(one, &news, sizeof news), EAGAIN);
  CHECK(poke(two, 3) == 0);
  CHECK(wait_for_news(one, &news) == 0 && news.senders == 2);
  CHECK(wait_for_news(two, &news) == 0 && news.senders == 2);
  CHECK(close(two) == 0);
  /* The mapping keeps the file, and with it the attachment. */
  CHECK_FAILS(read(one, &news, sizeof news), EAGAIN);
  CHECK(munmap(theirs, 16 * PAGE) == 0);
  CHECK(attached_of(one) == 1);
  CHECK(munmap(mine, 16 * PAGE) == 0 && close(one) == 0);
}

/* A process that is killed leaves as one that closes. */
static void check_death(void) {
  const int watcher = open_device();
  struct guest_shm_attach region;
  int round;
  CHECK(attach(watcher, "death", 1, &region) == 0 && attached_of(watcher) == 1);
  for (round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const int device = open(DEVICE, O_RDWR);
      struct guest_shm_news news;
      if (attach(device, "death", 1, &region) == 0) *(volatile char*)map(device, &region) = 1;
      while (round % 2 == 0) (void)read(device, &news, sizeof news); /* it dies in the driver */
      pause();
      _exit(0);
    }
    CHECK(attached_of(watcher) == 3);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK(attached_of(watcher) == 1);
  }
  CHECK(close(watcher) == 0);
}

enum { crowd_regions = 3, crowd_members = 4, crowd_rounds = 100 };

/* Whether everybody in the region has come as far as this; each has written so into a slot of its own. */
static int all_have(const volatile uint32_t* slots, uint32_t progress) {
  int i;
  for (i = 0; i < crowd_members; ++i) {
    if (slots[i] >> 16 != 0 && slots[i] >> 16 != progress >> 16) return -1; /* of another region */
    if (slots[i] < progress) return 0;
  }
  return 1;
}

/* Goes on, step by step, when the others have come as far. Exit status: 0, or what went wrong. */
static int crowd_member(uint32_t region_number) {
  const int device = open(DEVICE, O_RDWR | O_NONBLOCK);
  struct guest_shm_attach region;
  struct guest_shm_news news;
  volatile uint32_t* slots;
  char name[] = "crowd-?";
  uint32_t round;
  name[6] = (char)('0' + region_number);
  if (device < 0 || attach(device, name, 1, &region) != 0) return 1;
  slots = map(device, &region);
  if (slots == MAP_FAILED) return 2;
  for (round = 1; round <= crowd_rounds; ++round) {
    const uint32_t progress = region_number << 16 | round;
    int all;
    slots[region.index] = progress;
    if (poke(device, GUEST_SHM_ALL_BUT_ME) != 0) return 3;
    while ((all = all_have(slots, progress)) == 0)
      if (wait_for_news(device, &news) != 0) return 4;
    if (all < 0) return 5;
  }
  return 0;
}

/* Several regions and several processes at once. */
static void check_crowd(void) {
  int i, status;
  for (i = 0; i < crowd_regions * crowd_members; ++i)
    if (fork() == 0) _exit(crowd_member((uint32_t)(i % crowd_regions + 1)));
  for (i = 0; i < crowd_regions * crowd_members; ++i) {
    CHECK(wait(&status) > 0);
    CHECK(status == 0);
    if (status != 0) printf("driver-check: a member of the crowd ended with %d\n", WEXITSTATUS(status));
  }
}

/* A read that waits ends with a poke, and with a signal. */
static void check_waiting(void) {
  const int device = open(DEVICE, O_RDWR);
  struct guest_shm_attach region;
  struct guest_shm_news news;
  const struct sigaction none = {.sa_handler = on_fault};
  pid_t child;
  CHECK(attach(device, "wait", 1, &region) == 0);
  CHECK(read(device, &news, sizeof news) == (ssize_t)sizeof news && news.attached == 1);
  child = fork();
  if (child == 0) {
    usleep(100000);
    _exit(poke(device, 1) != 0);
  }
  CHECK(read(device, &news, sizeof news) == (ssize_t)sizeof news && news.senders == 1);
  CHECK(waitpid(child, NULL, 0) == child);
  sigaction(SIGALRM, &none, NULL);
  alarm(1);
  if (sigsetjmp(fault_return, 1) == 0) CHECK(read(device, &news, sizeof news) == -2);
  CHECK(close(device) == 0);
}

static void write_text(const char* path, const char* text) {
  const int file = open(path, O_WRONLY);
  CHECK(file >= 0);
  CHECK(write(file, text, strlen(text)) == (ssize_t)strlen(text));
  close(file);
}

/* The driver is taken from the device while programs use it. */
static void check_unbinding(const char* name) {
  const int device = open_device();
  struct guest_shm_attach region;
  struct guest_shm_news news;
  struct pollfd waiting = {device, POLLIN, 0};
  char* data;
  CHECK(attach(device, "unbind", 1, &region) == 0);
  data = map(device, &region);
  CHECK(data != MAP_FAILED && fault_of(data) == 0);
  CHECK_FAILS(syscall(SYS_delete_module, "guest_shm", O_NONBLOCK), EAGAIN);
  write_text(UNBIND, name);
  CHECK_FAILS(poke(device, 1), ENODEV);
  CHECK_FAILS(read(device, &news, sizeof news), ENODEV);
  CHECK(poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLHUP) != 0);
  CHECK(open(DEVICE, O_RDWR) == -1);
  write_text(BIND, name);
  CHECK(munmap(data, PAGE) == 0 && close(device) == 0);
}

int main(int argc, char** argv) {
  const struct sigaction catch = {.sa_handler = on_fault};
  sigaction(SIGBUS, &catch, NULL);
  check_refusals();
  check_unwritable_answer();
  check_nonsense();
  check_mappings();
  check_large_mapping();
  check_signals();
  check_death();
  check_crowd();
  check_waiting();
  if (argc > 1) check_unbinding(argv[1]);
  check_signals();
  printf("driver-check: %d of %d checks failed\n", failures, checks);
  return failures != 0;
}
