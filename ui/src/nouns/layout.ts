// How the panels of a project are laid out, kept in the store as a view, or in the address when one was sent.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { call, useResource, withQuery } from "../kit/api";
import { toast } from "../kit/dialog";
import { setQuery, useQuery } from "../kit/router";
import type { View, ViewList } from "../wire";

export interface Layout {
  /** Panels in the order they were put; the rest follow as usual. */
  order: string[];
  hidden: string[];
  /** Titles of sections that are folded. */
  folded: string[];
  wide: string[];
}

export const USUAL = "panels";
const EMPTY: Layout = { order: [], hidden: [], folded: [], wide: [] };
/** What of the address belongs to a view. */
const KEPT = ["tab", "x", "y", "lx", "smooth", "band", "group", "groupas", "env", "find", "q", "px", "py", "pc", "axes", "colour"];

const read = (content: unknown): Layout => {
  const given = (content ?? {}) as Partial<Record<keyof Layout, unknown>>;
  const list = (name: keyof Layout) => (Array.isArray(given[name]) ? (given[name] as unknown[]).filter((one): one is string => typeof one === "string") : []);
  return { order: list("order"), hidden: list("hidden"), folded: list("folded"), wide: list("wide") };
};

export interface Views {
  layout: Layout;
  setLayout: (layout: Layout) => void;
  /** The named ones. */
  views: View[];
  /** The one shown now; "" is the usual one. */
  view: string;
  open: (name: string) => void;
  saveAs: (name: string) => Promise<boolean>;
  remove: (name: string) => Promise<void>;
  /** An address that shows just this to somebody else, whatever is kept later. */
  link: () => string;
}

/** The layout of a project's panels. Without a project (runs of several) it lives in the address alone. */
export function useViews(project: string, page: string): Views {
  const [name] = useQuery("view");
  const [sent] = useQuery("layout");
  const list = useResource<ViewList>(project ? withQuery("/views", { project }) : null, (event) => event.topic === "version");
  const [own, setOwn] = useState<Layout | null>(null); // newer than what the store has said
  const timer = useRef(0);
  const views = (list.data?.items ?? []).filter((view) => view.page === page);
  const stored = views.find((view) => view.name === (name || USUAL));
  const layout = useMemo(() => {
    if (sent) {
      try {
        return read(JSON.parse(sent));
      } catch {
        return EMPTY;
      }
    }
    return own ?? read((stored?.content as { layout?: unknown } | undefined)?.layout);
  }, [sent, own, stored]);
  useEffect(() => setOwn(null), [name, project]);

  const write = (view: string, kept: Layout) => call<View>("PUT", `/views/${encodeURIComponent(view)}`, { project, page, content: { layout: kept, ...(view === USUAL ? {} : { query: queryNow() }) } });
  const setLayout = (next: Layout) => {
    if (sent || !project) return setQuery({ layout: JSON.stringify(next) });
    setOwn(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void write(name || USUAL, next).catch((error: Error) => toast(error.message, "bad")), 600);
  };
  const saveAs = async (to: string) => {
    try {
      await write(to, layout);
      list.reload();
      setQuery({ view: to, layout: null }, { push: true });
      toast(`The view ${to} is saved.`);
      return true;
    } catch (error) {
      toast((error as Error).message, "bad");
      return false;
    }
  };
  const open = (to: string) => {
    const query = (views.find((view) => view.name === to)?.content as { query?: Record<string, string> } | undefined)?.query ?? {};
    setQuery({ ...Object.fromEntries(KEPT.map((key) => [key, null])), ...query, view: to || null, layout: null, zoom: null }, { push: true });
  };
  const remove = async (which: string) => {
    try {
      await call("DELETE", withQuery(`/views/${encodeURIComponent(which)}`, { project }));
      list.reload();
      setQuery({ view: null });
      toast(`The view ${which} is in the bin.`);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  const link = () => {
    const url = new URL(window.location.href);
    url.searchParams.delete("view");
    url.searchParams.set("layout", JSON.stringify(layout));
    return url.toString();
  };
  return { layout, setLayout, views: views.filter((view) => view.name !== USUAL), view: name, open, saveAs, remove, link };
}

function queryNow(): Record<string, string> {
  const query = new URLSearchParams(window.location.search);
  return Object.fromEntries(KEPT.flatMap((key) => (query.get(key) ? [[key, query.get(key)!]] : [])));
}
