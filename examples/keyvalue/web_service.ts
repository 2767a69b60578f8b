/**
 * The store over the web. It works alike over a store in this process and over one at the other end of PB, since either
 * may answer with a Deferred.
 */
import { type Deferred, type Failure, maybeDeferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { escapeHTML, type HTTPChannel, NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";
import { page } from "./page.ts";
import { ServiceStats } from "./service_stats.ts";
import { StatusData, StatusPage, StatusSource } from "./status_page.ts";
import { KeyError, type Store, StoreUnreachable, ValueError } from "./store.ts";

/** The whole site; `others` are the services that `/status` tells of besides this one. */
export class KeyValueSite extends Site {
  readonly stats = new ServiceStats("web");

  constructor(store: Store, clock: ReactorTime, others: readonly ServiceStats[] = []) {
    super(new Resource());
    const { resource: root, stats } = this;
    const status = new StatusSource(store, clock, [...others, stats]);
    root.putChild("", new Index());
    root.putChild("get", new Command(stats, (key) => store.get(key), (key, value) => `${key} is ${value}`));
    root.putChild(
      "set",
      new Command(stats, (key, value) => store.set(key, value()), (key) => `${key} is set`),
    );
    root.putChild("delete", new Command(stats, (key) => store.delete(key), (key) => `${key} is gone`));
    root.putChild("status", new StatusPage(status));
    root.putChild("status.json", new StatusData(status));
    root.putChild("later", new Later());
  }

  override channelOpened(channel: HTTPChannel): void {
    super.channelOpened(channel);
    this.stats.opened();
  }

  override channelClosed(channel: HTTPChannel): void {
    super.channelClosed(channel);
    this.stats.closed();
  }
}

/** Answers one of `/get`, `/set` and `/delete`, asked by GET or by POST. */
class Command<T> extends Resource {
  override isLeaf = true;

  constructor(
    readonly stats: ServiceStats,
    readonly run: (key: string, value: () => string) => T | Deferred<T>,
    readonly tell: (key: string, result: T) => string,
  ) {
    super();
  }

  render_GET(request: Request): Deferred<string> {
    this.stats.operations++;
    const argument = (name: string): string => {
      const value = request.args.get(name);
      if (value === null) throw new ValueError(`say which ${name}: ?${name}=…`);
      return value;
    };
    return maybeDeferred(() => this.run(argument("key"), () => argument("value")))
      .addCallbacks(
        (result) => this.tell(argument("key"), result as T),
        (failure) => refuse(request, failure),
      )
      .addCallback((message) =>
        page("Key/value store", `<p>${escapeHTML(message)}</p><p><a href="./">back</a></p>`)
      );
  }

  render_POST(request: Request): Deferred<string> {
    return this.render_GET(request);
  }
}

/** What the store refuses is told with a status of its own; anything else is a 500 and is reported. */
function refuse(request: Request, failure: Failure): string {
  const kind = failure.trap(KeyError, ValueError, StoreUnreachable);
  request.setResponseCode(kind === KeyError ? 404 : kind === ValueError ? 400 : 503);
  return failure.getErrorMessage();
}

/** `/`: a form for each command. */
class Index extends Resource {
  override isLeaf = true;

  render_GET(): string {
    const form = (action: string, ...fields: string[]) =>
      `<form action="${action}" method="post">` +
      fields.map((name) => `<label>${name} <input name="${name}"></label> `).join("") +
      `<button>${action}</button></form>`;
    return page(
      "Key/value store",
      form("get", "key") + form("set", "key", "value") + form("delete", "key") +
        `<p><a href="status">status</a> · <a href="later">an answer in three parts</a></p>`,
    );
  }
}

/** `/later`: writes A, B and C, a second apart, and stops when the client hangs up. */
class Later extends Resource {
  override isLeaf = true;

  render_GET(request: Request): typeof NOT_DONE_YET {
    request.setHeader("Content-Type", "text/plain; charset=utf-8");
    const parts = ["A\n", "B\n", "C\n"];
    const next = (): void => {
      request.write(parts.shift()!);
      if (parts.length === 0) request.finish();
      else call = request.reactor.callLater(1, next);
    };
    let call = request.reactor.callLater(0, next);
    request.notifyFinish().addErrback(() => call.active() && call.cancel());
    return NOT_DONE_YET;
  }
}
