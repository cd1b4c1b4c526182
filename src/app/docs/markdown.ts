/** A page of the docs as HTML. Only what Markdown makes is HTML: what is written as such is shown as text. */

/** Sites without a network have no pictures from elsewhere, so there are none. */
export function htmlOf(markdown: string, pages: ReadonlySet<string>): string {
  const html = Bun.markdown.html(markdown, {
    noHtmlBlocks: true,
    noHtmlSpans: true,
    headings: { ids: true },
    autolinks: { url: true },
  });
  return new HTMLRewriter()
    .on("a", {
      element(link) {
        const to = targetOf(link.getAttribute("href") ?? "", pages);
        if (to === null) link.removeAndKeepContent();
        else link.setAttribute("href", to);
      },
    })
    .on("img", {
      element(image) {
        image.replace(image.getAttribute("alt") ?? "");
      },
    })
    .on("table", {
      element(table) {
        table.before('<div class="wide">', { html: true });
        table.after("</div>", { html: true });
      },
    })
    .transform(html);
}

/** Where a link leads here: to a page, a heading, the dashboard or the web; null for what is not in the program. */
export function targetOf(href: string, pages: ReadonlySet<string>): string | null {
  if (/^(?:https?:\/\/|\/(?![/\\]))/i.test(href)) return href;
  const [, name, heading = ""] = /^(?:(?:\.\/)?([\w-]+)\.md)?(#[\w-]*)?$/.exec(href) ?? [];
  if (name !== undefined && !pages.has(name)) return null;
  if (name === undefined && heading === "") return null;
  // Headings lose repeated dashes here, which GitHub keeps.
  const at = heading.replace(/-{2,}/g, "-");
  return name === undefined ? at : `/docs/${name}${at}`;
}

/** The first heading, without its marks. */
export function titleOf(markdown: string, name: string): string {
  const [, title] = /^# +(.+)$/m.exec(markdown) ?? [];
  return title?.replace(/[`*]/g, "").trim() ?? name;
}
