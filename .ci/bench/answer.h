/* Reads one HTTP answer as it comes and judges it: whole or stream, by the marks that the mock puts in. */
#pragma once
#include "net.h"

enum phase { READING_HEAD, READING_LENGTH, READING_SIZE, READING_DATA, READING_DATA_END, READING_TRAILER, READING_TO_CLOSE, OVER };

/* What can be wrong with answers, counted. */
struct faults {
  unsigned long status, protocol, truncated, wrong_body, unanswered, connect;
  /* Of streams: chunks that never came, came again or late, are two in one, are another request's, say something else. */
  unsigned long lost, reordered, merged, foreign, malformed, no_finish, no_usage, no_done;
  char first[300];
};

struct answer {
  enum phase phase;
  int status, streams, closes;
  /* Of the body or of the chunk; -1 before a size line's first digit. */
  long remaining;
  int in_extension;
  size_t line_length;
  /* The head; then the body, or of a stream the event that is not whole yet. */
  char *text;
  size_t length, size;
  /* Of the request. */
  char tag[TAG_DIGITS + 1];
  int chunks;
  /* Of a stream: the next piece that must come, and what was seen. */
  int next, finished, used, done;
  unsigned long wrong;
  /* Of the first event; 0 before it. */
  uint64_t first_at;
};

void answer_begin(struct answer *answer, unsigned long long tag, int streams, int chunks);
/* Takes BYTES that came at time AT. True once the answer is over, well or not. */
int answer_take(struct answer *answer, const char *bytes, size_t length, uint64_t at, struct faults *faults);
/* The connection was closed by the other side. */
void answer_close(struct answer *answer, struct faults *faults);
/* Notes what went wrong first, in words and with a piece of what came. */
void remember(struct faults *faults, const char *what, const char *text, size_t length);
unsigned long faults_sum(const struct faults *faults);
