/** Line icons on a 16-unit grid, drawn for this page; always beside words or inside a labelled button. */

const drawings = {
  overview: "M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8h4.5v5.5H9zM2.5 10.5h4.5v3H2.5z",
  playground: "M2.5 3.5h11v7.5H7.5L4.5 13.5V11h-2zM5.5 6.2h5M5.5 8.4h3",
  models: "M8 2 13.5 5 8 8 2.5 5zM2.5 8 8 11l5.5-3M2.5 11 8 14l5.5-3",
  endpoints:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v3.7M8 10.8v3.7M1.5 8h3.7M10.8 8h3.7",
  settings: "M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3",
  keys: "M10.2 9.3a3.6 3.6 0 1 0-3.4-2.4L2.5 11.2v2.3h2.3v-1.6h1.6v-1.6h1.1zM11 5.2v.01",
  usage: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  routing: "M2.5 4h3c3 0 2 8 5 8h3M2.5 12h3c3 0 2-8 5-8h3M11.5 2l2 2-2 2M11.5 10l2 2-2 2",
  hosts: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5v.01M5 11v.01M8 5h3M8 11h3",
  users:
    "M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM1.8 13.2c.3-2.4 2-3.6 4.2-3.6s3.9 1.2 4.2 3.6M10.6 3.2a2.2 2.2 0 0 1 0 4.1M11.9 9.9c1.4.5 2.2 1.6 2.4 3.3",
  docs: "M8 4.2C6.5 3 4.5 2.8 2.5 3v9.3c2-.2 4 0 5.5 1.2 1.5-1.2 3.5-1.4 5.5-1.2V3c-2-.2-4 0-5.5 1.2zM8 4.2v9.3",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
  leave: "M6.5 2.5h-4v11h4M6 8h7.5M10.8 5.2 13.6 8l-2.8 2.8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5 6.5 12 13 4.5",
  send: "M8 13V3M3.8 7.2 8 3l4.2 4.2",
  stop: "M4.5 4.5h7v7h-7z",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={drawings[name]} />
    </svg>
  );
}
