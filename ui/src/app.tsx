// The shell: side navigation, top bar, the page, and what floats above them.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource } from "./kit/api";
import { Dialog, Toasts } from "./kit/dialog";
import { Glyph, Mark } from "./kit/glyphs";
import { known, useKeys } from "./kit/keys";
import { connection } from "./kit/live";
import { crumbs } from "./kit/page";
import { Failed } from "./kit/parts";
import { go, place } from "./kit/router";
import { setTheme, theme, type Theme } from "./kit/theme";
import { NAVIGATION } from "./navigation";
import { Palette } from "./palette";
import { route } from "./routes";
import type { Home, ServerVersion } from "./wire";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const GLYPH = { auto: "auto", light: "sun", dark: "moon" } as const;
const menu = signal(false);

export function App() {
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const goes = useRef(0);
  useKeys([
    { keys: "Ctrl+k", says: "Search and commands", act: () => setPalette(true), always: true },
    { keys: "?", says: "These keys", act: () => setKeys(true) },
    { keys: "g", says: "Then h, o, r, t, p, d, m, v, e, n, s or l: go to that page", act: () => (goes.current = Date.now()) },
  ]);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (Date.now() - goes.current > 1200 || event.key === "g" || event.ctrlKey || event.metaKey) return;
      goes.current = 0;
      const to = NAVIGATION.find((page) => page.goes === event.key);
      if (!to) return;
      event.preventDefault();
      event.stopPropagation();
      go(to.path);
    };
    document.addEventListener("keydown", hear, true);
    return () => document.removeEventListener("keydown", hear, true);
  }, []);
  const path = place.value.path;
  useEffect(() => void (menu.value = false), [path]);
  return (
    <div class="shell">
      <a class="button skip" href="#page" onClick={(event) => { event.preventDefault(); document.getElementById("page")?.focus(); }}>Skip to the page</a>
      <header class="top">
        <button type="button" class="button bare icon menu" aria-label="Menu" aria-expanded={menu.value} onClick={() => (menu.value = !menu.value)}><Glyph name="menu" /></button>
        <nav aria-label="You are here" class="grow">
          <ol class="crumbs">
            {crumbs.value.map((crumb, i) => (
              <li key={i}>{i ? <span class="faint"><Glyph name="right" size={12} /></span> : null}{crumb.href ? <a class="cut" href={crumb.href}>{crumb.title}</a> : <span class="cut" aria-current="page">{crumb.title}</span>}</li>
            ))}
          </ol>
        </nav>
        <Link />
        <button type="button" class="find" onClick={() => setPalette(true)}><Glyph name="search" size={14} /><span>Search</span><kbd aria-hidden="true">Ctrl K</kbd></button>
        <button type="button" class="button bare icon hide-narrow" aria-label="Keys" title="Keys (?)" onClick={() => setKeys(true)}><Glyph name="key" /></button>
        <button type="button" class="button bare icon" aria-label={`Colours: ${theme.value}`} title={`Colours: ${theme.value}`} onClick={() => setTheme(NEXT[theme.value])}><Glyph name={GLYPH[theme.value]} /></button>
      </header>
      <Side path={path} />
      {menu.value ? <div class="veil side-veil" onClick={() => (menu.value = false)} /> : null}
      <Shown path={path} />
      {palette ? <Palette close={() => setPalette(false)} /> : null}
      {keys ? <Keys close={() => setKeys(false)} /> : null}
      <Toasts />
    </div>
  );
}

function Link() {
  if (connection.value !== "lost") return null;
  return <span class="badge s-warn tint" role="status" title="The server does not answer; what is shown may be old">no connection</span>;
}

function Side({ path }: { path: string }) {
  const home = useResource<Home>("/home", (event) => event.topic !== "series");
  const version = useResource<ServerVersion>("/version");
  const counts = home.data?.counts;
  const shown: Record<string, number | undefined> = {
    "/projects": counts?.projects, "/runs": counts?.runs, "/pipelines": counts?.pipelines, "/data": counts?.data, "/models": counts?.models,
    "/deployments": counts?.deployments, "/monitors": counts?.monitors,
  };
  return (
    <nav class={`side${menu.value ? " open" : ""}`} aria-label="Pages">
      <a class="brand" href="/"><Mark />Tenfold</a>
      {NAVIGATION.map((page) => {
        const here = page.path === "/" ? path === "/" : path === page.path || path.startsWith(`${page.path}/`) || (page.path === "/runs" && path === "/compare");
        return [
          page.path === "/pipelines" || page.path === "/deployments" || page.path === "/lineage" ? <div class="gap" key={`gap${page.path}`} /> : null,
          <a key={page.path} href={page.path} aria-current={here ? "page" : undefined}>
            <Glyph name={page.glyph} />{page.title}
            {shown[page.path] ? <span class="count">{shown[page.path]!.toLocaleString("en-US")}</span> : null}
          </a>,
        ];
      })}
      {version.data ? <div class="foot"><span class="cut" title={version.data.store}>{version.data.store}</span><span>Tenfold {version.data.version}</span></div> : null}
    </nav>
  );
}

const loaded = new Map<unknown, ComponentType<Record<string, string>>>();

function Shown({ path }: { path: string }) {
  const to = route(path);
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState<Error | null>(null);
  const main = useRef<HTMLElement>(null);
  const Page = to ? loaded.get(to.load) : undefined;
  useEffect(() => {
    setProblem(null);
    if (!to || Page) return;
    to.load()
      .then((module) => {
        loaded.set(to.load, module.default as unknown as ComponentType<Record<string, string>>);
        redraw((n) => n + 1);
      })
      .catch(() => setProblem(new Error("This page's code could not be loaded. The server may have been upgraded: load the page again.")));
  }, [path]);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <main class="page" id="page" tabIndex={-1} ref={main}>
      {problem ? <Failed problem={problem} again={() => window.location.reload()} /> : !to ? <Nowhere path={path} /> : Page ? <Page key={path} {...to.says} /> : <div class="progress" aria-hidden="true" />}
    </main>
  );
}

function Nowhere({ path }: { path: string }) {
  useEffect(() => {
    document.title = "Not here · Tenfold";
    crumbs.value = [{ title: "Not here" }];
  }, [path]);
  return (
    <div class="empty">
      <h1>There is no page here</h1>
      <p>Nothing has the path <code>{path}</code>. Search with <kbd>Ctrl</kbd> <kbd>K</kbd>, or go <a href="/">home</a>.</p>
    </div>
  );
}

function Keys({ close }: { close: () => void }) {
  const rows = new Map(known.value.map((key) => [key.keys, key.says]));
  return (
    <Dialog title="Keys" close={close}>
      <div class="inside">
        <dl class="keys">
          {[...rows].map(([keys, says]) => [<dt key={keys}>{keys.split("+").map((one) => <kbd key={one}>{one === "k" && keys.startsWith("Ctrl") ? "K" : one}</kbd>)}</dt>, <dd key={`${keys}=`}>{says}</dd>])}
          <dt><kbd>Enter</kbd></dt><dd>Open the row</dd>
          <dt><kbd>Esc</kbd></dt><dd>Close, or clear the field</dd>
        </dl>
      </div>
    </Dialog>
  );
}
