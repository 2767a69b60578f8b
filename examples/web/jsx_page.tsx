/** @jsxRuntime automatic */
/** @jsxImportSource @ropewalk/web */
/**
 * A page written in JSX: what is known at once is sent at once, what is waited for follows.
 *
 * A program that is all in JSX says so once, in its `deno.json`, instead of in the first line of each file:
 * `"compilerOptions": { "jsx": "precompile", "jsxImportSource": "@ropewalk/web" }`.
 */
import type { Deferred } from "@ropewalk/deferred";
import { type Request, Resource } from "@ropewalk/web";
import { raw, type Template, type TemplateValue } from "@ropewalk/web/templates";

/** A book of the list. */
export interface Book {
  /** What it is called. */
  readonly title: string;
  /** Where it can be read. */
  readonly url: string;
}

function Layout(props: { title: string; children?: TemplateValue }): Template {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>{props.title}</title>
        </head>
        <body>
          <h1>{props.title}</h1>
          {props.children}
        </body>
      </html>
    </>
  );
}

async function Shelf({ books }: { books: Deferred<Book[]> }): Promise<Template> {
  const found = await books;
  return (
    <ul>
      {found.map(({ title, url }) => (
        <li key={url}>
          <a href={url}>{title}</a>
        </li>
      ))}
    </ul>
  );
}

/** The page: its list comes when the books are there. */
export class BooksPage extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;

  /**
   * Makes one.
   *
   * @param find Finds the books.
   */
  constructor(readonly find: () => Deferred<Book[]>) {
    super();
  }

  /** Answers GET and HEAD. */
  render_GET(request: Request): Template {
    return (
      <Layout title="Books">
        <p class="asked">You asked for {request.args.get("q") ?? "everything"}.</p>
        <Shelf books={this.find()} />
      </Layout>
    );
  }
}
