import { expect, test } from "bun:test";
import { asHtml, asText, messageOf } from "./message.ts";
import type { Notice } from "./notice.ts";
import { failed, hostDown, up } from "./notify.testbed.ts";

const origin = "http://appliance:8080";
const of = (notice: Notice) => messageOf(notice, origin);

test("every kind of notice has a subject that says it all", () => {
  const updateFailed = { ...failed, kind: "update_failed", cause: "gated_model" } as Notice;
  const unexplained = { ...failed, cause: "" } as Notice;
  expect([
    of(up).subject,
    of(failed).subject,
    of(unexplained).subject,
    of(updateFailed).subject,
    of({ ...up, kind: "endpoint_deleted" } as Notice).subject,
    of(hostDown).subject,
    of({ ...hostDown, kind: "host_up" } as Notice).subject,
    of({ kind: "test", at: 0, asked_by: "admin@example.org" }).subject,
  ]).toEqual([
    "Endpoint chat-small is up",
    "Endpoint chat-small failed: out of memory",
    "Endpoint chat-small failed: see its events",
    "Update of endpoint chat-small failed: the model is gated",
    "Endpoint chat-small is deleted",
    "Host gpu-1 is down",
    "Host gpu-1 is up again",
    "Test message from Hypervize",
  ]);
});

test("every cause says what to do next", () => {
  const causes = [
    ...["out_of_memory", "gated_model", "not_found", "disk_full", "no_capacity"],
    ...["driver", "runtime_crash", "timeout", "download", "config"],
  ];
  const advice = causes.map((cause) => {
    const { paragraphs } = of({ ...failed, cause } as Notice);
    return paragraphs.find((paragraph) => paragraph.startsWith("What to do next: "));
  });
  expect(new Set(advice).size).toBe(causes.length);
  for (const sentence of advice) expect(sentence).toMatch(/^What to do next: .{30,}\.$/);
});

test("the log comes with failures only, without the codes of a terminal", () => {
  expect(of({ ...up, log_tail: ["ready"] } as Notice).log_tail).toEqual([]);
  const log_tail = ["\u001b[1;31mred\u001b[0m", "tab\there", "x".repeat(9000)];
  const shown = of({ ...failed, log_tail } as Notice).log_tail;
  expect(shown).toEqual(["red", "tab here", "x".repeat(500)]);
});

test("HTML shows what was written and runs none of it", () => {
  const evil = '"><img src=x onerror=alert(1)>';
  const notice = {
    ...failed,
    endpoint: { id: '"onclick="x', name: evil, model: evil },
    detail: evil,
    log_tail: ["</pre><script>alert(1)</script>"],
  } as Notice;
  const html = asHtml(of(notice));
  expect(html).not.toMatch(/<img|<script|"onclick|<\/pre><s/);
  expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(asText(of(notice))).toContain(evil);
});

test("links lead to the page of what it is about", () => {
  expect(of(up).link).toBe(`${origin}/endpoints?id=endpt-1`);
  expect(of({ ...up, kind: "endpoint_deleted" } as Notice).link).toBe(`${origin}/endpoints`);
  expect(of(hostDown).link).toBe(`${origin}/hosts`);
});

test("an alert says what is wrong and what to do, and later that it is over", () => {
  const alert = {
    kind: "alert_raised" as const,
    at: hostDown.at,
    host: { id: "host_a", name: "gpu-1" },
    alert: { id: "alr_1", kind: "gpu_lost", gpu: { index: 1, uuid: "GPU-1" } },
    title: "GPU 1 is gone",
    detail: "It does not answer.",
    advice: "Restart the host.",
  };
  const raised = messageOf(alert, "https://a");
  expect(raised.subject).toBe("Host gpu-1: GPU 1 is gone");
  expect(raised.paragraphs.slice(0, 2)).toEqual([
    "It does not answer.",
    "What to do next: Restart the host.",
  ]);
  const over = messageOf({ ...alert, kind: "alert_resolved" }, "https://a");
  expect(over.subject).toBe("Resolved: host gpu-1: GPU 1 is gone");
  expect(over.paragraphs[0]).toBe("It is over.");
  expect(over.link).toBe("https://a/hosts");
});
