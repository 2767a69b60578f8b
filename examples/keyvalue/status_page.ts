/**
 * `/status` and `/status.json`: what this process does, as a page that keeps itself up to date, and as data.
 */
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { escapeHTML, type Request, Resource } from "@ropewalk/web";
import { page } from "./page.ts";
import type { ServiceStats } from "./service_stats.ts";
import type { Entry, Store } from "./store.ts";

export interface Status {
  uptimeSeconds: number;
  services: { name: string; connections: number; connectionsTotal: number; operations: number }[];
  keys: Entry[];
}

/** Gathers the figures. */
export class StatusSource {
  readonly #started: number;

  constructor(
    readonly store: Store,
    readonly clock: ReactorTime,
    readonly services: readonly ServiceStats[],
  ) {
    this.#started = clock.seconds();
  }

  read(): Deferred<Status> {
    return maybeDeferred(() => this.store.entries()).addCallback((keys) => ({
      uptimeSeconds: Math.round((this.clock.seconds() - this.#started) * 10) / 10,
      services: this.services.map(({ name, connections, connectionsTotal, operations }) => ({
        name,
        connections,
        connectionsTotal,
        operations,
      })),
      keys,
    }));
  }
}

export class StatusData extends Resource {
  override isLeaf = true;

  constructor(readonly source: StatusSource) {
    super();
  }

  render_GET(request: Request): Deferred<string> {
    request.setHeader("Content-Type", "application/json");
    request.setHeader("Cache-Control", "no-store");
    return this.source.read().addCallback((status) => JSON.stringify(status));
  }
}

/** Works without JavaScript, by loading itself again; with it, only the figures are fetched. */
export class StatusPage extends Resource {
  override isLeaf = true;

  constructor(readonly source: StatusSource) {
    super();
  }

  render_GET(request: Request): Deferred<string> {
    request.setHeader("Cache-Control", "no-store");
    return this.source.read().addCallback((status) =>
      page(
        "Status",
        `<noscript><meta http-equiv="refresh" content="2"></noscript><main id="figures">${
          figures(status)
        }</main>` +
          `<script>setInterval(async () => {
            const text = await fetch("status").then((answer) => answer.text()).catch(() => null);
            if (text === null) return;
            const fresh = new DOMParser().parseFromString(text, "text/html");
            document.getElementById("figures").replaceWith(fresh.getElementById("figures"));
          }, 1000);</script>`,
      )
    );
  }
}

function figures(status: Status): string {
  const services = table(
    ["service", "connections now", "ever", "operations"],
    status.services.map((s) => [s.name, s.connections, s.connectionsTotal, s.operations]),
  );
  const keys = status.keys.length === 0 ? "<p>The store is empty.</p>" : table(
    ["key", "value", "seconds left"],
    status.keys.map((k) => [k.key, k.value, k.secondsLeft.toFixed(1)]),
  );
  return `<p>Up for ${status.uptimeSeconds} s.</p>${services}${keys}`;
}

function table(head: string[], rows: (string | number)[][]): string {
  const row = (cells: (string | number)[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHTML(String(cell))}</${tag}>`).join("")}</tr>`;
  return `<table>${row(head, "th")}${rows.map((cells) => row(cells, "td")).join("")}</table>`;
}
