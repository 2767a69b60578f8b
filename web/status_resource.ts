/**
 * `StatusResource`: what a process does, as a page.
 * @module
 */
import { defaultClock, type ReactorStats } from "@ropewalk/reactor/core";
import { type Figures, figures as programFigures } from "./counter.ts";
import { escapeHTML } from "./html.ts";
import type { Request } from "./request.ts";
import { Resource } from "./resource.ts";
import { latestRingSink, type LogLine, type RingSink } from "./ring_sink.ts";

/** Options of {@linkcode StatusResource}. */
export interface StatusOptions {
  /** The reactor whose figures are shown. @default the program's, once it has imported `@ropewalk/reactor` */
  reactor?: { stats(): ReactorStats };
  /** What the page is called. @default "Status" */
  title?: string;
  /** The figures of the program. @default those that `new Counter` and `new Gauge` added */
  figures?: Figures;
  /** The log whose last lines are shown. @default the `ringSink` that was made last */
  log?: RingSink;
  /** How often the page updates itself. @default 2 */
  refreshSeconds?: number;
  /** Tells the time, in milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/** What a status page tells, as JSON. */
export interface StatusData {
  /** What the page is called. */
  title: string;
  /** When this was, as text of ISO 8601. */
  time: string;
  /** What the reactor does; `null` without one. */
  reactor: ReactorStats | null;
  /** The figures of the program, by category. */
  figures: Record<string, Record<string, number | string>>;
  /** The last lines of the log, the newest last; `null` without one. */
  log: LogLine[] | null;
}

/**
 * A page that tells what a process does: the reactor's figures, those of the program ({@linkcode Counter},
 * {@linkcode Gauge}) and the last lines of its log ({@linkcode ringSink}). It updates itself, with JavaScript and
 * without. `?format=json`, or `Accept: application/json`, asks for the same as data.
 *
 * Whoever can read the page learns about the program: mount it where only the right people come.
 *
 * @example
 * ```ts
 * import { Resource, StatusResource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("status", new StatusResource());
 * ```
 */
export class StatusResource extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  readonly #options: StatusOptions;

  /**
   * Makes one.
   *
   * @param options What is shown.
   */
  constructor(options: StatusOptions = {}) {
    super();
    this.#options = options;
  }

  /** What is shown now. */
  read(): StatusData {
    const {
      reactor = programReactor(),
      title = "Status",
      figures = programFigures,
      log = latestRingSink(),
      now = Date.now,
    } = this.#options;
    return {
      title,
      time: new Date(now()).toISOString(),
      reactor: reactor?.stats() ?? null,
      figures: figures.read(),
      log: log?.lines() ?? null,
    };
  }

  /** Answers GET and HEAD. */
  render_GET(request: Request): string {
    request.setHeader("cache-control", "no-store");
    request.setHeader("vary", "accept");
    const format = request.args.get("format");
    if (format === "json" || (format === null && /\bjson\b/.test(request.getHeader("accept") ?? ""))) {
      request.setHeader("content-type", "application/json");
      return JSON.stringify(this.read());
    }
    request.setHeader("content-type", "text/html; charset=utf-8");
    return pageOf(this.read(), this.#options.refreshSeconds ?? 2);
  }
}

// What runs the program's time, if it can tell of itself.
function programReactor(): { stats(): ReactorStats } | undefined {
  let clock: { stats?: unknown };
  try {
    clock = defaultClock() as { stats?: unknown };
  } catch {
    return undefined; // the program has none
  }
  return typeof clock.stats === "function" ? clock as { stats(): ReactorStats } : undefined;
}

function pageOf(data: StatusData, refreshSeconds: number): string {
  const title = escapeHTML(data.title);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<noscript><meta http-equiv="refresh" content="${Math.max(1, Math.round(refreshSeconds))}"></noscript>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<main id="figures">${mainOf(data)}</main>
<script>
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const log = document.querySelector("#log");
    const below = log === null || log.scrollTop + log.clientHeight > log.scrollHeight - 8;
    const at = log === null ? 0 : log.scrollTop;
    document.getElementById("figures").replaceWith(fresh.getElementById("figures"));
    const after = document.querySelector("#log");
    if (after !== null) after.scrollTop = below ? after.scrollHeight : at;
    document.body.className = "";
  } catch {
    document.body.className = "gone";
  }
}, ${Math.round(refreshSeconds * 1000)});
</script>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60em; margin: 1.5em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.05em; margin: 1.6em 0 .4em; }
time { opacity: .7; font-size: .9em; }
.groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(17em, 1fr)); gap: 0 2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; font-weight: normal; padding: .3em .4em .3em 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; vertical-align: top; }
th { overflow-wrap: break-word; min-width: 8.5em; }
td { text-align: right; font-variant-numeric: tabular-nums; }
#log { max-height: 24em; overflow: auto; background: var(--soft); padding: .6em; border-radius: .4em;
  font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.warning { color: #b60; } .error, .fatal { color: #c22; font-weight: bold; }
.gone h1::after { content: " (no answer)"; color: #c22; font-size: .6em; }
`;

function mainOf({ time, reactor, figures, log }: StatusData): string {
  const groups = Object.entries(figures).map(([category, values]) => table(category, values));
  if (reactor !== null) groups.unshift(table("reactor", reactorFigures(reactor)));
  return `<time datetime="${time}">${time.slice(0, 19).replace("T", " ")} UTC</time>` +
    `<div class="groups">${groups.join("")}</div>` +
    (log === null ? "" : `<h2>Log</h2><pre id="log">${log.map(lineOf).join("") || "nothing yet"}</pre>`);
}

function reactorFigures(stats: ReactorStats): Record<string, number | string> {
  return {
    "up for": duration(stats.uptimeSeconds),
    ports: stats.ports.join(", ") || "none",
    "connections now": stats.connections,
    "connections ever": stats.connectionsTotal,
    "read": bytes(stats.bytesIn),
    "written": bytes(stats.bytesOut),
    "pending calls": stats.pendingCalls,
    errors: stats.errors,
  };
}

function table(caption: string, values: Record<string, number | string>): string {
  const rows = Object.entries(values).map(([name, value]) =>
    `<tr><th scope="row">${escapeHTML(name)}</th><td>${escapeHTML(shown(value))}</td></tr>`
  );
  return `<section><h2>${escapeHTML(caption)}</h2><table>${rows.join("")}</table></section>`;
}

function shown(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : value;
}

function lineOf({ time, level, category, message }: LogLine): string {
  const at = new Date(time).toISOString().slice(11, 23);
  return `<span class="${escapeHTML(level)}">${at} ${escapeHTML(level)} ${escapeHTML(category)}: ${
    escapeHTML(message)
  }</span>\n`;
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first < 0 ? 3 : first).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
