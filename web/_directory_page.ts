/**
 * The listing of a directory.
 * @module
 */
import type { FilePath, FileStat } from "@ropewalk/reactor/filepath";
import { escapeHTML } from "./html.ts";
import type { Request } from "./request.ts";
import { percentDecode } from "./_uri.ts";

/**
 * A page with the names in a directory, directories first; what cannot be found is left out.
 *
 * @param request The request.
 * @param directory The directory.
 * @param find Tells of a file, unless it is a link that leads nowhere, or where nobody may look.
 */
export async function directoryPage(
  request: Request,
  directory: FilePath,
  find: (path: FilePath) => Promise<{ readonly stat: FileStat } | null>,
): Promise<string> {
  const rows: { name: string; size: string; time: string; isDirectory: boolean }[] = [];
  for (const name of (await directory.list()).sort()) {
    const found = await find(directory.child(name)).catch(() => null);
    if (found === null) continue;
    const { stat } = found;
    const isDirectory = stat.kind === "directory";
    const time = new Date(stat.modified * 1000).toISOString().slice(0, 16).replace("T", " ");
    rows.push({ name, size: isDirectory ? "" : String(stat.size), time, isDirectory });
  }
  rows.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory));
  const title = escapeHTML(`Directory listing for ${percentDecode(request.path)}`);
  const line = ({ name, size, time, isDirectory }: typeof rows[number]) => {
    const slash = isDirectory ? "/" : "";
    return `<tr><td><a href="./${escapeHTML(encodeURIComponent(name))}${slash}">${
      escapeHTML(name)
    }${slash}</a></td>` +
      `<td>${size}</td><td>${time}</td></tr>\n`;
  };
  request.setHeader("content-type", "text/html; charset=utf-8");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 1.5em auto; padding: 0 1em; }
h1 { font-size: 1.3em; overflow-wrap: anywhere; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2em 1em .2em 0; border-bottom: 1px solid #8883; overflow-wrap: anywhere; }
th:nth-child(2), td:nth-child(2) { text-align: right; }
td + td { white-space: nowrap; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<h1>${title}</h1>
<table>
<tr><th>Name</th><th>Bytes</th><th>Changed (UTC)</th></tr>
${rows.map(line).join("")}</table>
</body>
</html>
`;
}
