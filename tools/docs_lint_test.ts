import { assertEquals } from "@std/assert";
import { findAny, isMeant, judgeModuleDoc, ownFaults } from "./docs_lint.ts";

const any = { repr: "any", kind: "keyword", value: "any" };

Deno.test("`any` is found in a member's parameter, however deep, and named by where it is", () => {
  const location = { filename: "file:///x/a.ts", line: 4 };
  const symbols = [{
    name: "Box",
    declarations: [{
      location,
      kind: "class",
      def: {
        methods: [{
          name: "put",
          location: { ...location, line: 7 },
          functionDef: { params: [{ name: "items", tsType: { kind: "array", value: any } }] },
        }],
      },
    }],
  }];
  assertEquals(findAny(symbols), [{ name: "Box.put", line: 7, filename: "file:///x/a.ts" }]);
});

Deno.test("a thing that is called any, and a string that says any, are left alone", () => {
  assertEquals(findAny([{ name: "any", declarations: [{ tsType: { kind: "literal", repr: "any" } }] }]), []);
});

Deno.test("the rest parameters of any class's constructor may be `any`, its result may not", () => {
  const rest = { kind: "rest", tsType: { kind: "array", value: any } };
  const type = (tsType: unknown) => ({
    name: "ClassOf",
    declarations: [{
      def: { kind: "fnOrConstructor", value: { constructor: true, tsType, params: [rest] } },
    }],
  });
  assertEquals(findAny([type({ kind: "typeRef", repr: "T" })]), []);
  assertEquals(findAny([type(any)]).map(({ name }) => name), ["ClassOf"]);
});

Deno.test("an entry needs a module doc with an example, in its text or by a tag", () => {
  assertEquals(judgeModuleDoc({ module_doc: null }), ["has no @module doc"]);
  assertEquals(judgeModuleDoc({ module_doc: { doc: "Lines." } }), ["has a @module doc without an example"]);
  assertEquals(judgeModuleDoc({ module_doc: { doc: "Lines.\n```ts\nf();\n```" } }), []);
  assertEquals(judgeModuleDoc({ module_doc: { doc: "Lines.", tags: [{ kind: "example" }] } }), []);
});

Deno.test("an `any` is meant when the line above it says why", () => {
  const source =
    "// deno-lint-ignore no-explicit-any -- any functions\ntype A = (...args: any[]) => void;\n" +
    "// deno-lint-ignore no-explicit-any\ntype B = any;";
  assertEquals([0, 1, 2, 3].map((line) => isMeant(source, line)), [false, true, false, false]);
});

Deno.test("complaints about packages from outside are left out, all others kept", () => {
  const text = "error[missing-jsdoc]: no doc\n  --> /w/web/a.ts:1:2\n   |\n\nerror[missing-jsdoc]: no doc\n" +
    "  --> /cache/npm/x.d.ts:3:4\n   |\n\nerror[odd]: somewhere\n\nerror: Found 3 documentation lint errors.\n";
  assertEquals(ownFaults(text, "/w/"), [
    "error[missing-jsdoc]: no doc\n  --> /w/web/a.ts:1:2\n   |",
    "error[odd]: somewhere",
  ]);
  assertEquals(ownFaults("error: Module not found\n", "/w/"), undefined);
});
