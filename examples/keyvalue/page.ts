/**
 * The frame of every page.
 */
import { escapeHTML } from "@ropewalk/web";

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHTML(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; color: #223 }
form { margin: 0 0 1em; display: flex; flex-wrap: wrap; gap: .4em .6em; align-items: baseline }
input, button { font: inherit }
table { border-collapse: collapse; margin: 1em 0 } th, td { text-align: left; padding: .2em 1em .2em 0 }
th { border-bottom: 1px solid #99a } td { overflow-wrap: anywhere }
</style>
</head>
<body>
<h1>${escapeHTML(title)}</h1>
${body}
</body>
</html>
`;
}
