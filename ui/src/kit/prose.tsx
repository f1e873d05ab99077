// Text that was Markdown. The HTML comes from the server's own renderer (workspace/markdown), which lets nothing through that runs or loads.

/** `html` must come from the API's fields that say they are safe to show, and from nowhere else. */
export function Prose({ html }: { html: string }) {
  return <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />;
}
