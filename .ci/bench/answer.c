#define _GNU_SOURCE
#include "answer.h"

#define MOST_TEXT_BYTES (1u << 20)

void answer_begin(struct answer *answer, unsigned long long tag, int streams, int chunks) {
  char *text = answer->text;
  size_t size = answer->size;
  *answer = (struct answer){.text = text, .size = size, .streams = streams, .chunks = chunks};
  for (int i = TAG_DIGITS; i-- > 0; tag /= 10) answer->tag[i] = (char)('0' + tag % 10);
}

void remember(struct faults *faults, const char *what, const char *text, size_t length) {
  if (faults->first[0]) return;
  int at = snprintf(faults->first, sizeof faults->first, "%s", what);
  if (length > 0) at += snprintf(faults->first + at, sizeof faults->first - (size_t)at, ": ");
  for (size_t i = 0; i < length && at < (int)sizeof faults->first - 2; i++) {
    char c = text[i];
    if (c == '"') c = '\'';
    faults->first[at++] = c < ' ' || c > '~' || c == '\\' ? ' ' : c;
  }
  faults->first[at] = 0;
}

unsigned long faults_sum(const struct faults *f) {
  return f->status + f->protocol + f->truncated + f->wrong_body + f->unanswered + f->connect + f->lost + f->reordered +
         f->merged + f->foreign + f->malformed + f->no_finish + f->no_usage + f->no_done;
}

static void keep(struct answer *answer, const char *bytes, size_t length) {
  if (answer->length + length > answer->size) {
    answer->size = (answer->length + length) * 2;
    answer->text = grown(answer->text, answer->size);
  }
  memcpy(answer->text + answer->length, bytes, length);
  answer->length += length;
}

/* ---- events of a stream */

static void wrong(struct answer *answer, unsigned long *fault, unsigned long count, struct faults *faults, const char *what,
                  const char *text, size_t length) {
  *fault += count;
  answer->wrong += count;
  remember(faults, what, text, length);
}

static int occurs_again(const char *text, size_t length, const char *word) {
  const char *found = memmem(text, length, word, strlen(word));
  if (!found) return 0;
  const char *rest = found + strlen(word);
  return memmem(rest, length - (size_t)(rest - text), word, strlen(word)) != NULL;
}

/* VALUE is the text of a content chunk, without its quotes. */
static void take_piece(struct answer *answer, const char *value, size_t length, struct faults *faults) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, PIECE_FORMAT, answer->tag, answer->next);
  if (length == PIECE_LENGTH && memcmp(value, wanted, PIECE_LENGTH) == 0) {
    answer->next++;
    return;
  }
  if (length > PIECE_LENGTH) {
    wrong(answer, &faults->merged, 1, faults, "two pieces in one chunk", value, length);
    return;
  }
  if (length < PIECE_LENGTH || value[TAG_DIGITS] != ':') {
    wrong(answer, &faults->malformed, 1, faults, "a piece that nobody sent", value, length);
    return;
  }
  if (memcmp(value, answer->tag, TAG_DIGITS) != 0) {
    wrong(answer, &faults->foreign, 1, faults, "a piece of another request", value, length);
    return;
  }
  int number = (int)strtol(value + TAG_DIGITS + 1, NULL, 10);
  if (number < answer->next) {
    wrong(answer, &faults->reordered, 1, faults, "a piece came again, or late", value, length);
    return;
  }
  wrong(answer, &faults->lost, (unsigned long)(number - answer->next), faults, "pieces before this one are missing", value, length);
  answer->next = number + 1;
}

static void take_finish(struct answer *answer, struct faults *faults) {
  if (answer->next < answer->chunks) {
    unsigned long missing = (unsigned long)(answer->chunks - answer->next);
    wrong(answer, &faults->lost, missing, faults, "the stream finished before its last piece", "", 0);
  }
  answer->finished = 1;
}

static void take_usage(struct answer *answer, const char *event, size_t length, struct faults *faults) {
  const char *counted = memmem(event, length, "\"completion_tokens\":", 20);
  if (!counted || atoi(counted + 20) != answer->chunks)
    wrong(answer, &faults->malformed, 1, faults, "usage that does not count the pieces", event, length);
  answer->used = 1;
}

/* EVENT without its empty line. */
static void take_event(struct answer *answer, const char *event, size_t length, struct faults *faults) {
  if (length == 0 || event[0] == ':') return;
  if (length < 6 || memcmp(event, "data: ", 6) != 0) {
    wrong(answer, &faults->malformed, 1, faults, "an event without data", event, length);
    return;
  }
  const char *data = event + 6;
  size_t size = length - 6;
  if (size == 6 && memcmp(data, "[DONE]", 6) == 0) {
    answer->done++;
    return;
  }
  if (memmem(data, size, "data: ", 6) || occurs_again(data, size, "\"choices\":") || occurs_again(data, size, "\"content\":\"")) {
    wrong(answer, &faults->merged, 1, faults, "two chunks in one event", event, length);
    return;
  }
  if (data[0] != '{' || data[size - 1] != '}' || answer->done) {
    wrong(answer, &faults->malformed, 1, faults, answer->done ? "an event behind [DONE]" : "half a chunk", event, length);
    return;
  }
  const char *content = memmem(data, size, "\"content\":\"", 11);
  const char *value = content ? content + 11 : NULL;
  const char *end = value ? memchr(value, '"', (size_t)(data + size - value)) : NULL;
  if (end && end > value) take_piece(answer, value, (size_t)(end - value), faults);
  else if (memmem(data, size, "\"finish_reason\":\"", 17)) take_finish(answer, faults);
  else if (memmem(data, size, "\"usage\":{", 9)) take_usage(answer, event, length, faults);
  else if (!memmem(data, size, "\"role\":", 7)) wrong(answer, &faults->malformed, 1, faults, "a chunk that says nothing", event, length);
}

static void take_events(struct answer *answer, uint64_t at, struct faults *faults) {
  size_t from = 0;
  for (;;) {
    char *event = answer->text + from;
    char *end = memmem(event, answer->length - from, "\n\n", 2);
    if (!end) break;
    /* A comment is no news. */
    if (!answer->first_at && *event != ':') answer->first_at = at;
    take_event(answer, event, (size_t)(end - event), faults);
    from = (size_t)(end - answer->text) + 2;
  }
  if (from == 0) return;
  answer->length -= from;
  memmove(answer->text, answer->text + from, answer->length);
}

/* ---- the message */

static void breaks_off(struct answer *answer, struct faults *faults, const char *what) {
  answer->closes = 1;
  wrong(answer, &faults->protocol, 1, faults, what, answer->text, answer->length);
  answer->phase = OVER;
}

static void judge(struct answer *answer, struct faults *faults) {
  if (answer->status != 200) {
    char what[32];
    snprintf(what, sizeof what, "status %d", answer->status);
    wrong(answer, &faults->status, 1, faults, what, answer->text, answer->length);
  } else if (!answer->streams) {
    const char *found = memmem(answer->text, answer->length, answer->tag, TAG_DIGITS);
    int closed = answer->length > 0 && answer->text[answer->length - 1] == '}';
    if (!found || !closed || !memmem(answer->text, answer->length, "\"usage\":{", 9))
      wrong(answer, &faults->wrong_body, 1, faults, "not the answer to this request", answer->text, answer->length);
  } else {
    if (answer->length > 0) wrong(answer, &faults->malformed, 1, faults, "half an event at the end", answer->text, answer->length);
    if (!answer->finished) wrong(answer, &faults->no_finish, 1, faults, "no finish_reason", "", 0);
    if (!answer->used) wrong(answer, &faults->no_usage, 1, faults, "no usage", "", 0);
    if (answer->done != 1) wrong(answer, &faults->no_done, 1, faults, "no [DONE], or two", "", 0);
  }
  answer->phase = OVER;
}

static void begin_body(struct answer *answer, size_t head_length, struct faults *faults) {
  const char *head = answer->text;
  if (head_length < 12 || memcmp(head, "HTTP/1.1 ", 9) != 0) {
    breaks_off(answer, faults, "not HTTP/1.1");
    return;
  }
  answer->status = (int)strtol(head + 9, NULL, 10);
  answer->closes = header_says(head, head_length, "connection", "close");
  answer->remaining = content_length(head, head_length);
  if (header_says(head, head_length, "transfer-encoding", "chunked")) {
    answer->phase = READING_SIZE;
    answer->remaining = -1;
  } else if (answer->remaining >= 0) answer->phase = READING_LENGTH;
  else answer->phase = READING_TO_CLOSE;
  if (answer->phase == READING_TO_CLOSE) answer->closes = 1;
  answer->length = 0;
  if (answer->phase == READING_LENGTH && answer->remaining == 0) judge(answer, faults);
}

static void take_body(struct answer *answer, const char *bytes, size_t length, uint64_t at, struct faults *faults) {
  if (answer->length > MOST_TEXT_BYTES) return;
  keep(answer, bytes, length);
  if (answer->streams && answer->status == 200) take_events(answer, at, faults);
}

/* Each of these takes some of BYTES, at least one, and returns how many. */

static size_t take_head(struct answer *answer, const char *bytes, size_t length, struct faults *faults) {
  size_t before = answer->length;
  keep(answer, bytes, length);
  /* The end may be split over two reads. */
  size_t from = before < 3 ? 0 : before - 3;
  char *end = memmem(answer->text + from, answer->length - from, "\r\n\r\n", 4);
  if (end) {
    size_t head = (size_t)(end - answer->text) + 2;
    begin_body(answer, head, faults);
    return head + 2 - before;
  }
  if (answer->length > 65536) breaks_off(answer, faults, "a head without an end");
  return length;
}

static size_t take_data(struct answer *answer, const char *bytes, size_t length, uint64_t at, struct faults *faults) {
  size_t some = answer->phase == READING_TO_CLOSE || length < (size_t)answer->remaining ? length : (size_t)answer->remaining;
  take_body(answer, bytes, some, at, faults);
  answer->remaining -= (long)some;
  if (answer->remaining == 0 && answer->phase == READING_LENGTH) judge(answer, faults);
  if (answer->remaining == 0 && answer->phase == READING_DATA) answer->phase = READING_DATA_END;
  return some;
}

/* One byte of a size line: digits, then perhaps an extension, until the line's end. */
static void take_size(struct answer *answer, char byte, struct faults *faults) {
  static const char digits[] = "0123456789abcdef";
  const char *digit = byte ? strchr(digits, byte | (byte >= 'A' ? 0x20 : 0)) : NULL;
  if (byte == '\n') {
    answer->phase = answer->remaining == 0 ? READING_TRAILER : READING_DATA;
    if (answer->remaining < 0) breaks_off(answer, faults, "a chunk without a size");
  } else if (digit && !answer->in_extension) {
    answer->remaining = (answer->remaining < 0 ? 0 : answer->remaining * 16) + (digit - digits);
  } else answer->in_extension = 1;
}

static void take_coding(struct answer *answer, char byte, struct faults *faults) {
  if (answer->phase == READING_SIZE) {
    take_size(answer, byte, faults);
    answer->line_length = 0;
  } else if (answer->phase == READING_TRAILER) {
    if (byte == '\n' && answer->line_length == 0) judge(answer, faults);
    else if (byte == '\n') answer->line_length = 0;
    else if (byte != '\r') answer->line_length++;
  } else if (byte == '\n') {
    answer->phase = READING_SIZE;
    answer->remaining = -1;
    answer->in_extension = 0;
  } else if (byte != '\r') breaks_off(answer, faults, "a chunk that is longer than its size");
}

int answer_take(struct answer *answer, const char *bytes, size_t length, uint64_t at, struct faults *faults) {
  const char *end = bytes + length;
  while (bytes < end && answer->phase != OVER) {
    switch (answer->phase) {
      case READING_HEAD:
        bytes += take_head(answer, bytes, (size_t)(end - bytes), faults);
        break;
      case READING_LENGTH:
      case READING_DATA:
      case READING_TO_CLOSE:
        bytes += take_data(answer, bytes, (size_t)(end - bytes), at, faults);
        break;
      default:
        take_coding(answer, *bytes++, faults);
    }
  }
  /* Nothing was asked that this could answer. */
  if (bytes < end) breaks_off(answer, faults, "bytes behind the answer");
  return answer->phase == OVER;
}

void answer_close(struct answer *answer, struct faults *faults) {
  answer->closes = 1;
  if (answer->phase == READING_TO_CLOSE) judge(answer, faults);
  else if (answer->phase != OVER) {
    wrong(answer, &faults->truncated, 1, faults, "the answer broke off", answer->text, answer->length);
    answer->phase = OVER;
  }
}
