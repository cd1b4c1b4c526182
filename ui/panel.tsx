/** A page's heading, and the framed sections under it. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface HeadingProps {
  title: string;
  about?: ComponentChildren;
  /** Buttons at the right. */
  children?: ComponentChildren;
}

export function Heading({ title, about, children }: HeadingProps) {
  return (
    <header class="heading">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {about && <p class="about">{about}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

interface PanelProps {
  title: string;
  /** Beside the title, at the right. */
  aside?: ComponentChildren;
  /** Without inner spacing, for tables and rows that reach the edges. */
  flush?: boolean;
  /** The title would only repeat the page's heading: it is for ears. */
  untitled?: boolean;
  children: ComponentChildren;
}

export function Panel({ title, aside, flush = false, untitled = false, children }: PanelProps) {
  const id = useId();
  return (
    <section class={flush ? "panel flush" : "panel"} aria-labelledby={id}>
      <header class={untitled ? "unseen" : "panel-head"}>
        <h2 id={id}>{title}</h2>
        {aside && <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
