/** The shims in `std/` declare only what is there: a name that is missing would be found by nobody but its user. */
import * as assert from "@std/assert";
import * as delay from "@std/async/delay";
import * as parseArgs from "@std/cli/parse-args";

const SHIMS: [types: string, module: object][] = [
  ["assert/assert.d.ts", assert],
  ["async/delay.d.ts", delay],
  ["cli/parse_args.d.ts", parseArgs],
];

for (const [types, module] of SHIMS) {
  Deno.test(`what std/${types} declares is there`, async () => {
    const source = await Deno.readTextFile(new URL(`std/${types}`, import.meta.url));
    const names = [...source.matchAll(/^export (?:function|class|const) (\w+)/gm)].map((match) => match[1]!);
    assert.assertGreater(names.length, 0);
    for (const name of names) {
      assert.assert(name in module, `${name} is declared in ${types} and is not there`);
    }
  });
}
