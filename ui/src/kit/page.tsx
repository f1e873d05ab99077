// What every page begins with: its title, where it stands, and a head with actions.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useTitle } from "./router";

export interface Crumb {
  title: string;
  href?: string;
}

export const crumbs = signal<Crumb[]>([]);

/** Name the page: the window's title and the path of crumbs, the last of which is the page itself. */
export function usePage(...path: Crumb[]): void {
  const text = path.map((crumb) => crumb.title + (crumb.href ?? "")).join("/");
  useTitle(path.at(-1)?.title ?? "");
  useEffect(() => {
    crumbs.value = path;
  }, [text]);
}

export function Head({ title, children, actions, badge }: { title: string; children?: ComponentChildren; actions?: ComponentChildren; badge?: ComponentChildren }) {
  return (
    <header class="head">
      <div class="grow">
        <div class="row wrap"><h1 tabIndex={-1}>{title}</h1>{badge}</div>
        {children ? <div class="sub">{children}</div> : null}
      </div>
      {actions ? <div class="row wrap">{actions}</div> : null}
    </header>
  );
}

export function Section({ title, children, tools }: { title: string; children: ComponentChildren; tools?: ComponentChildren }) {
  return (
    <section class="section">
      <div class="title"><h2>{title}</h2>{tools}</div>
      {children}
    </section>
  );
}

/** A thin line that moves while something loads and there is nothing old to show. */
export function Loading() {
  return <div class="progress" role="progressbar" aria-label="Loading" />;
}
