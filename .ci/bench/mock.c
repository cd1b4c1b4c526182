/*
 * A runtime that computes nothing: OpenAI chat over HTTP/1.1 from one epoll loop, so that what is
 * measured in front of it is the gateway. It takes llama-server's place with a real agent, and so
 * answers --help and --version, and takes and ignores llama-server's other arguments.
 */
#define _GNU_SOURCE
#include "net.h"
#include <sys/epoll.h>

#define MOST_REQUEST_BYTES (64u << 20)
#define MOST_UNREAD_BYTES (4u << 20)

struct stream {
  char tag[TAG_DIGITS + 1];
  int chunk;
  int chunks;
  uint64_t interval;
  uint64_t due;
  int with_usage;
};

struct conn {
  int fd;
  char *in;
  size_t in_length, in_size;
  char *out;
  size_t out_length, out_size;
  int broken, close_after;
  struct stream stream;
  /* Place in the heap of streams by their due time; -1 when it streams nothing. */
  int place;
};

static int default_chunks = 100;
static int default_interval_us = 20000;
static int poller;
static struct conn **heap;
static int streams, heap_size;
static unsigned long long prompt_tokens, completion_tokens;

static const char json_head[] = "HTTP/1.1 %s\r\nServer: bench\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n";
static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char whole[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench\",\"choices\":"
    "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"000000000000 Hello there, how can I help you today?\","
    "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"
    "\"completion_tokens\":9,\"total_tokens\":21}}";
#define CHUNK "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\","

/* ---- the heap */

static void put(int place, struct conn *conn) {
  heap[place] = conn;
  conn->place = place;
}

static void rise(int place) {
  struct conn *conn = heap[place];
  for (int parent; place > 0 && heap[parent = (place - 1) / 2]->stream.due > conn->stream.due; place = parent)
    put(place, heap[parent]);
  put(place, conn);
}

static void sink(int place) {
  struct conn *conn = heap[place];
  for (int child; (child = 2 * place + 1) < streams; place = child) {
    if (child + 1 < streams && heap[child + 1]->stream.due < heap[child]->stream.due) child++;
    if (heap[child]->stream.due >= conn->stream.due) break;
    put(place, heap[child]);
  }
  put(place, conn);
}

static void schedule(struct conn *conn) {
  if (streams == heap_size) {
    heap_size = heap_size ? heap_size * 2 : 1024;
    heap = grown(heap, (size_t)heap_size * sizeof *heap);
  }
  put(streams++, conn);
  rise(conn->place);
}

static void unschedule(struct conn *conn) {
  int place = conn->place;
  if (place < 0) return;
  struct conn *last = heap[--streams];
  conn->place = -1;
  if (last == conn) return;
  put(place, last);
  rise(place);
  sink(last->place);
}

/* ---- writing */

static void watch(struct conn *conn) {
  struct epoll_event event = {.events = EPOLLIN | (conn->out_length ? EPOLLOUT : 0), .data.ptr = conn};
  epoll_ctl(poller, EPOLL_CTL_MOD, conn->fd, &event);
}

static void keep_back(struct conn *conn, const char *bytes, size_t length) {
  if (conn->out_length + length > MOST_UNREAD_BYTES) {
    conn->broken = 1;
    return;
  }
  if (conn->out_length + length > conn->out_size) {
    conn->out_size = (conn->out_length + length) * 2;
    conn->out = grown(conn->out, conn->out_size);
  }
  memcpy(conn->out + conn->out_length, bytes, length);
  conn->out_length += length;
}

/* One call is one write to the socket, unless the reader is slow. */
static void say(struct conn *conn, const char *bytes, size_t length) {
  if (conn->broken) return;
  ssize_t sent = 0;
  if (conn->out_length == 0) {
    sent = send(conn->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      conn->broken = 1;
      return;
    }
    if (sent < 0) sent = 0;
    if ((size_t)sent == length) return;
  }
  keep_back(conn, bytes + sent, length - (size_t)sent);
  watch(conn);
}

static void flush_out(struct conn *conn) {
  ssize_t sent = send(conn->fd, conn->out, conn->out_length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) conn->broken = 1;
  if (sent <= 0) return;
  conn->out_length -= (size_t)sent;
  memmove(conn->out, conn->out + sent, conn->out_length);
  if (conn->out_length == 0) watch(conn);
}

static void answer(struct conn *conn, const char *status, const char *type, const char *body, size_t length) {
  char text[8192];
  int head = snprintf(text, sizeof text, json_head, status, type, length);
  memcpy(text + head, body, length);
  say(conn, text, (size_t)head + length);
}

static void answer_json(struct conn *conn, const char *status, const char *body) {
  answer(conn, status, "application/json; charset=utf-8", body, strlen(body));
}

/* In chunked coding, behind what BEFORE holds. */
static void say_event(struct conn *conn, const char *before, const char *event) {
  char text[1024];
  int length = snprintf(text, sizeof text, "%s%zx\r\n%s\r\n", before, strlen(event), event);
  say(conn, text, (size_t)length);
}

/* ---- streams */

static void begin_stream(struct conn *conn) {
  say_event(conn, stream_head,
            CHUNK "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}]}\n\n");
  conn->stream.chunk = 0;
  conn->stream.due = now_ns() + conn->stream.interval;
  schedule(conn);
}

static void end_stream(struct conn *conn) {
  char event[512];
  say_event(conn, "", CHUNK "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
  if (conn->stream.with_usage) {
    snprintf(event, sizeof event,
             CHUNK "\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n",
             conn->stream.chunks, conn->stream.chunks + 12);
    say_event(conn, "", event);
  }
  say_event(conn, "", "data: [DONE]\n\n");
  say(conn, "0\r\n\r\n", 5);
}

static void say_content(struct conn *conn) {
  char event[512];
  snprintf(event, sizeof event,
           CHUNK "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" PIECE_FORMAT "\"},\"finish_reason\":null}]}\n\n",
           conn->stream.tag, conn->stream.chunk);
  say_event(conn, "", event);
  conn->stream.chunk++;
  completion_tokens++;
}

/* ---- requests */

static int digits_at(const char *text, const char *end, int width) {
  int value = 0;
  for (int i = 0; i < width && text + i < end && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10 + text[i] - '0';
  return value;
}

static void read_mark(struct stream *stream, const char *body, size_t length) {
  const char *end = body + length;
  *stream = (struct stream){.chunks = default_chunks, .interval = (uint64_t)default_interval_us * 1000};
  memset(stream->tag, '0', TAG_DIGITS);
  const char *mark = memmem(body, length, "[[", 2);
  if (mark && end - mark >= 2 + TAG_DIGITS + 1 + 6 + 1 + 7 + 2) {
    memcpy(stream->tag, mark + 2, TAG_DIGITS);
    stream->chunks = digits_at(mark + 3 + TAG_DIGITS, end, 6);
    stream->interval = (uint64_t)digits_at(mark + 10 + TAG_DIGITS, end, 7) * 1000;
  }
  const char *most = memmem(body, length, "\"max_tokens\":", 13);
  if (most) {
    int tokens = digits_at(most + 13, end, 6);
    if (tokens > 0 && tokens < stream->chunks) stream->chunks = tokens;
  }
}

static void chat(struct conn *conn, const char *body, size_t length) {
  struct stream *stream = &conn->stream;
  read_mark(stream, body, length);
  prompt_tokens += 12;
  if (memmem(body, length, "\"stream\":true", 13) || memmem(body, length, "\"stream\": true", 14)) {
    stream->with_usage = memmem(body, length, "\"include_usage\":true", 20) != NULL;
    begin_stream(conn);
    return;
  }
  static char text[1024], *tag;
  static size_t size;
  if (!tag) {
    size = (size_t)snprintf(text, sizeof text, json_head, "200 OK", "application/json; charset=utf-8", strlen(whole));
    size += (size_t)snprintf(text + size, sizeof text - size, "%s", whole);
    tag = strstr(text, "000000000000");
  }
  memcpy(tag, stream->tag, TAG_DIGITS);
  completion_tokens += 9;
  say(conn, text, size);
}

/* The names that llama-server gives its counters. */
static void metrics(struct conn *conn) {
  char text[512];
  int length = snprintf(text, sizeof text,
                        "llamacpp:prompt_tokens_total %llu\nllamacpp:tokens_predicted_total %llu\n"
                        "llamacpp:requests_processing %d\nllamacpp:requests_deferred 0\n",
                        prompt_tokens, completion_tokens, streams);
  answer(conn, "200 OK", "text/plain; version=0.0.4", text, (size_t)length);
}

static int starts(const char *head, const char *with) { return strncmp(head, with, strlen(with)) == 0; }

static void handle(struct conn *conn, const char *head, const char *body, size_t length) {
  if (starts(head, "POST /v1/chat/completions ")) chat(conn, body, length);
  else if (starts(head, "GET /health ")) answer_json(conn, "200 OK", "{\"status\":\"ok\"}");
  else if (starts(head, "GET /metrics ")) metrics(conn);
  else if (starts(head, "GET /v1/models "))
    answer_json(conn, "200 OK", "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"bench\"}]}");
  else answer_json(conn, "404 Not Found", "{\"error\":{\"code\":404,\"message\":\"File Not Found\",\"type\":\"not_found_error\"}}");
}

/* Every whole request in the buffer, in turn; one that comes while a stream runs waits for its end. */
static void take_requests(struct conn *conn) {
  size_t at = 0;
  while (!conn->broken && !conn->close_after && conn->place < 0) {
    char *head = conn->in + at;
    char *end = memmem(head, conn->in_length - at, "\r\n\r\n", 4);
    if (!end) break;
    size_t head_length = (size_t)(end - head) + 2;
    long length = content_length(head, head_length);
    if (length < 0) length = 0;
    if (header(head, head_length, "transfer-encoding", &(size_t){0}) || (size_t)length > MOST_REQUEST_BYTES) {
      conn->broken = 1;
      break;
    }
    if (conn->in_length - at < head_length + 2 + (size_t)length) break;
    conn->close_after = header_says(head, head_length, "connection", "close");
    handle(conn, head, end + 4, (size_t)length);
    at += head_length + 2 + (size_t)length;
  }
  if (at == 0) return;
  conn->in_length -= at;
  memmove(conn->in, conn->in + at, conn->in_length);
}

static void end_conn(struct conn *conn) {
  unschedule(conn);
  close(conn->fd);
  free(conn->in);
  free(conn->out);
  free(conn);
}

static int is_over(const struct conn *conn) {
  return conn->broken || (conn->close_after && conn->out_length == 0 && conn->place < 0);
}

static void read_conn(struct conn *conn) {
  if (conn->in_size - conn->in_length < 4096) {
    conn->in_size = conn->in_size ? conn->in_size * 2 : 8192;
    if (conn->in_size > 2 * MOST_REQUEST_BYTES) fail("A request is too long for this mock.");
    conn->in = grown(conn->in, conn->in_size);
  }
  ssize_t got = recv(conn->fd, conn->in + conn->in_length, conn->in_size - conn->in_length, 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) conn->broken = 1;
  if (got <= 0) return;
  conn->in_length += (size_t)got;
  take_requests(conn);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    without_delay(fd);
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) fail("There is not enough memory.");
    conn->fd = fd;
    conn->place = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

/* Chunk K is due K intervals after the first, however late the ones before it were. */
static void send_due(void) {
  while (streams > 0 && heap[0]->stream.due <= now_ns()) {
    struct conn *conn = heap[0];
    if (conn->stream.chunk < conn->stream.chunks) {
      say_content(conn);
      conn->stream.due += conn->stream.interval;
      sink(0);
    } else {
      end_stream(conn);
      unschedule(conn);
      take_requests(conn);
    }
    if (is_over(conn)) end_conn(conn);
  }
}

static void serve(int listener) {
  struct epoll_event events[512];
  uint64_t armed = 0;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  event.data.ptr = &timer;
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  for (;;) {
    int ready = epoll_wait(poller, events, 512, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr == &listener) accept_all(listener);
      else if (events[i].data.ptr != &timer) {
        struct conn *conn = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) flush_out(conn);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_conn(conn);
        if (is_over(conn)) end_conn(conn);
      }
    }
    /* Only now: a stream that ends may be one of those in EVENTS. */
    send_due();
    uint64_t next = streams > 0 ? heap[0]->stream.due : 0;
    if (next != armed) set_timer(timer, next);
    armed = next;
  }
}

static int number_after(int argc, char **argv, const char *flag, int otherwise) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], flag) == 0) return atoi(argv[i + 1]);
  return otherwise;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--version") == 0) return puts("version: bench (a mock)") < 0;
  if (argc > 1 && strcmp(argv[1], "--help") == 0)
    return puts("-m,    --model FNAME       taken and ignored, as are all others\n"
                "--port PORT                port on 127.0.0.1\n"
                "--chunks N                 content chunks of a stream (default 100); a request may mark its own\n"
                "--interval-us N            between two chunks (default 20000)") < 0;
  prepare_process();
  default_chunks = number_after(argc, argv, "--chunks", default_chunks);
  default_interval_us = number_after(argc, argv, "--interval-us", default_interval_us);
  struct sockaddr_in address = loopback(number_after(argc, argv, "--port", 0));
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8192)) fail("The port cannot be had.");
  poller = epoll_create1(EPOLL_CLOEXEC);
  serve(listener);
}
