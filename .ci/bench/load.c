/*
 * The load client: one epoll loop that sends chat requests to 127.0.0.1 or another host, times and verifies every
 * answer, and prints one line of JSON. What it asks for is marked, and the mock's answers carry the
 * marks, so that nothing can be lost, doubled, mixed up or cut without being counted.
 */
#define _GNU_SOURCE
#include "answer.h"
#include <sys/epoll.h>

static const char usage[] =
    "usage: load MODE --port N [options]      LOAD_KEY in the environment is sent as the bearer key\n"
    "  closed    --connections N --seconds S  each connection asks again as soon as it has its answer\n"
    "  paced     --rate N --seconds S         so many requests a second, timed from when each was due\n"
    "  streams   --streams N --chunks N --interval-us N --ramp-ms N\n"
    "                                         so many at once, begun evenly over the ramp\n"
    "  mixed     --connections N --seconds S --seed N\n"
    "                                         answers, streams and half requests, a third of them broken off\n"
    "  --host ADDRESS, --model NAME, --path PATH, --header 'NAME: VALUE' (again for more), --patience-ms N for what is left at the end\n";

struct client {
  int fd;
  int busy;
  struct answer answer;
  uint64_t due;
  size_t sent;
  int awaits_room;
  /* Of mixed: what is done with it and when that is broken off (0: never), or the next thing begun. */
  uint64_t until;
  int half;
};

struct mode {
  const char *name;
  /* Begins what is due. Returns when it wants to be called again, 0 for never. */
  uint64_t (*tick)(uint64_t now);
  /* The answer of CLIENT is over. */
  void (*over)(struct client *client, uint64_t now);
};

static int port, connections = 64, rate = 200, chunks = 100, interval_us = 20000, ramp_ms = 1000;
static double seconds = 3;
static long patience_ms = 15000;
static unsigned long long seed = 1;
static const char *model = "bench", *path = "/v1/chat/completions", *host = "127.0.0.1";
static char head_lines[4096];

static int poller;
static struct client *clients;
static int client_count, client_size;
static int *idle, idle_count;
static uint64_t begun_at, end_at;
static unsigned long begun, over_count, good, aborted, busy_count, whole_streams;
static int begun_streams, open_now, open_peak;
static unsigned long long pieces;
static struct faults faults;
static uint32_t *latencies;
static size_t latency_count, latency_size;

/* ---- one request */

/* What CLIENT sends; the same text whenever it is asked for. Written anew only for another kind of request. */
static const char *request_of(const struct client *client, size_t *length) {
  static char text[8192], *mark;
  static size_t size;
  static int streams = -1, pieces_wanted;
  const struct answer *answer = &client->answer;
  if (answer->streams != streams || answer->chunks != pieces_wanted) {
    streams = answer->streams;
    pieces_wanted = answer->chunks;
    char body[1024];
    int body_size = snprintf(body, sizeof body,
                             "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"" MARK_FORMAT
                             " How can you help me with what I do today?\"}],\"max_tokens\":%d%s}",
                             model, 0ull, answer->chunks, interval_us, answer->chunks,
                             streams ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "");
    size = (size_t)snprintf(text, sizeof text,
                            "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\n%s"
                            "Content-Length: %d\r\n\r\n%s",
                            path, host, port, head_lines, body_size, body);
    mark = strstr(text, "[[") + 2;
  }
  memcpy(mark, answer->tag, TAG_DIGITS);
  *length = size;
  return text;
}

static void hang_up(struct client *client) {
  if (client->fd >= 0) close(client->fd);
  client->fd = -1;
}

static void watch(struct client *client, int how, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)(client - clients)};
  client->awaits_room = (events & EPOLLOUT) != 0;
  epoll_ctl(poller, how, client->fd, &event);
}

static int dial(struct client *client) {
  struct sockaddr_in address = loopback(port);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("The host must be an IPv4 address.");
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->fd < 0) fail("No more sockets can be opened. Raise the limit of open files: ulimit -n 16384");
  without_delay(client->fd);
  watch(client, EPOLL_CTL_ADD, EPOLLIN);
  if (connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return 1;
  hang_up(client);
  return 0;
}

static void record(uint64_t from, uint64_t to) {
  if (latency_count == latency_size) {
    latency_size = latency_size ? latency_size * 2 : 65536;
    latencies = grown(latencies, latency_size * sizeof *latencies);
  }
  latencies[latency_count++] = (uint32_t)((to - from) / 1000);
}

static void send_rest(struct client *client) {
  size_t length;
  const char *text = request_of(client, &length);
  if (client->half) length /= 2;
  while (client->sent < length) {
    ssize_t sent = send(client->fd, text + client->sent, length - client->sent, MSG_NOSIGNAL);
    if (sent < 0) {
      /* A connection that failed is readable, too. */
      if (!client->awaits_room) watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      return;
    }
    client->sent += (size_t)sent;
  }
  if (client->awaits_room) watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

static const struct mode *mode;

static void finish(struct client *client, uint64_t now) {
  int was_open = client->answer.streams && client->answer.first_at;
  client->busy = 0;
  busy_count--;
  over_count++;
  if (was_open) open_now--;
  pieces += (unsigned long long)client->answer.next;
  if (client->answer.closes) hang_up(client);
  if (!client->answer.wrong) good++;
  if (!client->answer.wrong && client->answer.streams) whole_streams++;
  mode->over(client, now);
}

static void fault_of(struct client *client, unsigned long *fault, const char *what) {
  (*fault)++;
  remember(&faults, what, "", 0);
  client->answer.wrong++;
  client->answer.closes = 1;
}

static void begin(struct client *client, uint64_t due, int streams, int wanted) {
  static unsigned long long next_tag;
  client->due = due;
  client->sent = 0;
  client->busy = 1;
  busy_count++;
  begun++;
  answer_begin(&client->answer, ++next_tag, streams, wanted);
  if (client->fd < 0 && !dial(client)) {
    fault_of(client, &faults.connect, "no connection");
    finish(client, now_ns());
    return;
  }
  send_rest(client);
}

static void receive(struct client *client) {
  static char bytes[65536];
  if (client->fd < 0) return;
  ssize_t got = recv(client->fd, bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  uint64_t now = now_ns();
  if (!client->busy) {
    if (got > 0) fault_of(client, &faults.protocol, "bytes that nobody asked for");
    hang_up(client);
    return;
  }
  int before = client->answer.first_at != 0;
  int is_over = 1;
  if (got > 0) is_over = answer_take(&client->answer, bytes, (size_t)got, now, &faults);
  else if (client->sent == 0) fault_of(client, &faults.connect, "nobody listens");
  else answer_close(&client->answer, &faults);
  if (!before && client->answer.first_at && client->answer.streams && ++open_now > open_peak) open_peak = open_now;
  if (is_over) finish(client, now);
}

/* Breaks off what CLIENT does, as an impatient caller would. */
static void abandon(struct client *client) {
  if (client->answer.streams && client->answer.first_at) open_now--;
  client->busy = 0;
  busy_count--;
  hang_up(client);
}

/* ---- modes */

static int fresh_client(void) {
  if (client_count == client_size) fail("There are more requests open than this client can hold.");
  clients[client_count].fd = -1;
  return client_count++;
}

static uint64_t closed_tick(uint64_t now) {
  if (client_count > 0) return 0;
  for (int i = 0; i < connections; i++) begin(&clients[fresh_client()], now, 0, 64);
  return 0;
}

static unsigned long in_time;

static void closed_over(struct client *client, uint64_t now) {
  if (now < end_at) {
    in_time++;
    record(client->due, now);
    /* A server that refuses connections is not asked in a loop without end. */
    if (!(client->fd < 0 && client->answer.wrong && faults.connect > 1000)) begin(client, now_ns(), 0, 64);
  }
}

static uint64_t paced_tick(uint64_t now) {
  static uint64_t sent;
  for (;; sent++) {
    uint64_t due = begun_at + sent * SECOND / (uint64_t)rate;
    if (due >= end_at) return 0;
    if (due > now) return due;
    begin(&clients[idle_count > 0 ? idle[--idle_count] : fresh_client()], due, 0, 64);
  }
}

static void paced_over(struct client *client, uint64_t now) {
  record(client->due, now);
  idle[idle_count++] = (int)(client - clients);
}

static uint64_t streams_tick(uint64_t now) {
  for (; begun_streams < connections; begun_streams++) {
    uint64_t due = begun_at + (uint64_t)begun_streams * (uint64_t)ramp_ms * MS / (uint64_t)connections;
    if (due > now) return due;
    begin(&clients[fresh_client()], due, 1, chunks);
  }
  end_at = now;
  return 0;
}

static void streams_over(struct client *client, uint64_t now) {
  (void)now;
  if (client->answer.first_at) record(client->due, client->answer.first_at);
}

static uint32_t dice(uint32_t sides) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 11) % sides;
}

/* Two thirds are left to end; the others are broken off before, in or after their first chunks. */
static void mixed_begin(struct client *client, uint64_t now) {
  uint32_t kind = dice(100);
  client->until = 0;
  client->half = kind >= 95;
  begin(client, now, kind >= 40, kind < 40 ? 64 : 1 + (int)dice(40));
  if (!client->busy) return;
  if (kind >= 35 && kind < 40) client->until = now + dice(3000) * 1000ull;
  if (kind >= 70 && kind < 95) client->until = now + dice(200) * MS;
  if (kind >= 95) client->until = now + (1 + dice(50)) * MS;
}

static uint64_t mixed_tick(uint64_t now) {
  while (client_count < connections) {
    struct client *client = &clients[fresh_client()];
    client->until = now + dice(1000) * MS;
  }
  for (int i = 0; i < client_count; i++) {
    struct client *client = &clients[i];
    if (client->until == 0 || client->until > now) continue;
    if (client->busy) {
      abandon(client);
      aborted++;
      client->until = now + dice(20) * MS;
    } else if (now < end_at) mixed_begin(client, now);
  }
  return now < end_at || busy_count > 0 ? now + MS : 0;
}

static void mixed_over(struct client *client, uint64_t now) {
  record(client->due, now);
  client->until = now + dice(20) * MS;
}

static const struct mode modes[] = {
    {"closed", closed_tick, closed_over},
    {"paced", paced_tick, paced_over},
    {"streams", streams_tick, streams_over},
    {"mixed", mixed_tick, mixed_over},
};

/* ---- the loop */

static void run(void) {
  struct epoll_event events[512];
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  begun_at = now_ns();
  end_at = mode->tick == streams_tick ? UINT64_MAX : begun_at + (uint64_t)(seconds * 1e9);
  uint64_t next = mode->tick(begun_at), armed = 0;
  for (;;) {
    uint64_t now = now_ns();
    if (next && next <= now) next = mode->tick(now);
    if (now >= end_at && busy_count == 0 && next == 0) return;
    uint64_t last = end_at == UINT64_MAX ? UINT64_MAX : end_at + (uint64_t)patience_ms * MS;
    if (now >= last) return;
    uint64_t wake = next ? next : now < end_at && end_at != UINT64_MAX ? end_at : last;
    if (wake != armed) set_timer(timer, armed = wake);
    int ready = epoll_wait(poller, events, 512, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u32 == UINT32_MAX) {
        armed = 0;
        set_timer(timer, 0);
        continue;
      }
      struct client *client = &clients[events[i].data.u32];
      if (client->busy && (events[i].events & EPOLLOUT)) send_rest(client);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(client);
    }
  }
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double percentile(double share) {
  return latency_count ? latencies[(size_t)((double)(latency_count - 1) * share)] : 0;
}

static void print_result(uint64_t ended_at) {
  double mean = 0;
  qsort(latencies, latency_count, sizeof *latencies, by_size);
  for (size_t i = 0; i < latency_count; i++) mean += latencies[i] / (double)latency_count;
  printf("{\"mode\":\"%s\",\"seconds\":%.3f,\"begun\":%lu,\"over\":%lu,\"good\":%lu,\"aborted\":%lu,\"rate\":%.1f,", mode->name,
         (double)(ended_at - begun_at) / 1e9, begun, over_count, good, aborted, (double)in_time / seconds);
  printf("\"latency_us\":{\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"max\":%.0f,\"mean\":%.1f},", percentile(0.5), percentile(0.9),
         percentile(0.99), percentile(1), mean);
  printf("\"whole_streams\":%lu,\"open_peak\":%d,\"pieces\":%llu,", whole_streams, open_peak, pieces);
  printf("\"faults\":{\"status\":%lu,\"protocol\":%lu,\"truncated\":%lu,\"wrong_body\":%lu,\"unanswered\":%lu,\"connect\":%lu,",
         faults.status, faults.protocol, faults.truncated, faults.wrong_body, faults.unanswered, faults.connect);
  printf("\"lost\":%lu,\"reordered\":%lu,\"merged\":%lu,\"foreign\":%lu,\"malformed\":%lu,", faults.lost, faults.reordered,
         faults.merged, faults.foreign, faults.malformed);
  printf("\"no_finish\":%lu,\"no_usage\":%lu,\"no_done\":%lu},\"fault_count\":%lu,\"first_fault\":\"%s\"}\n", faults.no_finish,
         faults.no_usage, faults.no_done, faults_sum(&faults), faults.first);
}

/* ---- arguments */

static void add_header(const char *line) {
  size_t used = strlen(head_lines);
  if ((size_t)snprintf(head_lines + used, sizeof head_lines - used, "%s\r\n", line) >= sizeof head_lines - used)
    fail("The headers are too long.");
}

_Noreturn static void explain(void) {
  fputs(usage, stderr);
  exit(2);
}

static void read_option(const char *name, const char *value) {
  const struct {
    const char *name;
    int *value;
  } numbers[] = {{"--port", &port},         {"--connections", &connections}, {"--streams", &connections}, {"--rate", &rate},
                 {"--chunks", &chunks}, {"--interval-us", &interval_us}, {"--ramp-ms", &ramp_ms}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(name, numbers[i].name) == 0) {
      *numbers[i].value = atoi(value);
      return;
    }
  if (strcmp(name, "--seconds") == 0) seconds = atof(value);
  else if (strcmp(name, "--seed") == 0) seed = strtoull(value, NULL, 10) | 1;
  else if (strcmp(name, "--patience-ms") == 0) patience_ms = atol(value);
  else if (strcmp(name, "--host") == 0) host = value;
  else if (strcmp(name, "--model") == 0) model = value;
  else if (strcmp(name, "--path") == 0) path = value;
  else if (strcmp(name, "--header") == 0) add_header(value);
  else explain();
}

int main(int argc, char **argv) {
  if (argc < 2 || argc % 2 != 0) explain();
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (strcmp(argv[1], modes[i].name) == 0) mode = &modes[i];
  if (!mode) explain();
  for (int i = 2; i + 1 < argc; i += 2) read_option(argv[i], argv[i + 1]);
  if (port <= 0 || connections <= 0 || rate <= 0 || seconds <= 0) explain();
  const char *key = getenv("LOAD_KEY");
  if (key) {
    char line[1024];
    snprintf(line, sizeof line, "Authorization: Bearer %s", key);
    add_header(line);
  }
  prepare_process();
  client_size = connections > 16384 ? connections : 16384;
  clients = calloc((size_t)client_size, sizeof *clients);
  idle = calloc((size_t)client_size, sizeof *idle);
  if (!clients || !idle) fail("There is not enough memory.");
  poller = epoll_create1(EPOLL_CLOEXEC);
  run();
  uint64_t ended_at = now_ns();
  faults.unanswered += busy_count;
  if (busy_count > 0) remember(&faults, "answers that never ended", "", 0);
  print_result(ended_at);
  return 0;
}
