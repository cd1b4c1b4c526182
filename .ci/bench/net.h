/* What the mock runtime and the load client share: the clock, sockets on loopback, HTTP heads. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull
#define SECOND 1000000000ull

/* The marks of a request in its prompt, each of a fixed width: [[TAG:CHUNKS:INTERVAL_US]]. */
#define TAG_DIGITS 12
#define MARK_FORMAT "[[%012llu:%06d:%07d]]"
/* What a content chunk says: the tag of its request and its own number. Two of them can never look like one. */
#define PIECE_FORMAT "%.12s:%06d "
#define PIECE_LENGTH (TAG_DIGITS + 1 + 6 + 1)

static inline uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * SECOND + (uint64_t)at.tv_nsec;
}

_Noreturn static inline void fail(const char *sentence) {
  fprintf(stderr, "%s (%s)\n", sentence, strerror(errno));
  exit(1);
}

static inline void *grown(void *old, size_t bytes) {
  void *memory = realloc(old, bytes);
  if (!memory) fail("There is not enough memory.");
  return memory;
}

/* As many open files as this process may have, and timers without slack. */
static inline void prepare_process(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  prctl(PR_SET_TIMERSLACK, 1);
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void without_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Fires once at AT, a time of now_ns(); never when that is 0. */
static inline void set_timer(int timer, uint64_t at) {
  struct itimerspec when = {0};
  when.it_value.tv_sec = (time_t)(at / SECOND);
  when.it_value.tv_nsec = (long)(at % SECOND);
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* The value of header NAME in a head, with its length; NULL without it. */
static inline const char *header(const char *head, size_t length, const char *name, size_t *value_length) {
  size_t name_length = strlen(name);
  const char *end = head + length;
  for (const char *line = memchr(head, '\n', length); line && ++line < end; line = memchr(line, '\n', (size_t)(end - line))) {
    if ((size_t)(end - line) <= name_length || line[name_length] != ':') continue;
    if (strncasecmp(line, name, name_length) != 0) continue;
    const char *value = line + name_length + 1;
    while (value < end && *value == ' ') value++;
    const char *stop = memchr(value, '\r', (size_t)(end - value));
    *value_length = (size_t)((stop ? stop : end) - value);
    return value;
  }
  return NULL;
}

static inline int header_says(const char *head, size_t length, const char *name, const char *word) {
  size_t value_length = 0;
  const char *value = header(head, length, name, &value_length);
  return value && value_length == strlen(word) && strncasecmp(value, word, value_length) == 0;
}

/* -1 without one. */
static inline long content_length(const char *head, size_t length) {
  size_t digits = 0;
  const char *value = header(head, length, "content-length", &digits);
  return value ? strtol(value, NULL, 10) : -1;
}
