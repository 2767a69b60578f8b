import { assertEquals } from "@std/assert";
import { concatBytes, fromLatin1, latin1 } from "@ropewalk/protocols/bytes";
import { byteByByte, everySplit } from "@ropewalk/testing";
import { chunkings } from "@ropewalk/testing/arbitraries";
import fc from "fast-check";
import { FORM_LIMITS, MultipartScanner, parameter } from "./_multipart.ts";
import { pageClient } from "./_support_test.ts";

const FORM = "preamble\r\n--bnd\r\n" +
  'Content-Disposition: form-data; name="a"\r\n\r\none\r\n--bnd \t\r\n' +
  'Content-Disposition: form-data; name="empty"\r\n\r\n\r\n--bnd\r\n' +
  'content-disposition: form-data; name="f"; filename="x \xc3\xa9%22.txt"\r\nContent-Type: text/x\r\n\r\n' +
  "\r\n--bn\r\n--\r\r\n--bnd\r\n" +
  "Content-Disposition: form-data; name=plain\r\n\r\n\xc3\xa9\r\n--bnd--\r\nepilogue --bnd";

const FIELDS = [["a", "one"], ["empty", ""], ["plain", "é"]];

function scan(
  chunks: readonly Uint8Array[],
  boundary = "b",
  limits = FORM_LIMITS,
): MultipartScanner | null {
  const scanner = new MultipartScanner(boundary, limits);
  for (const chunk of chunks) if (!scanner.push(chunk)) return null;
  return scanner.finish() ? scanner : null;
}

Deno.test("a form is taken apart the same however it is cut", () => {
  for (const chunks of everySplit(fromLatin1(FORM))) {
    const scanner = scan(chunks, "bnd")!;
    assertEquals(scanner.fields, FIELDS);
    const [file] = scanner.files;
    assertEquals([file!.name, file!.filename, file!.type], ["f", 'x é".txt', "text/x"]);
    assertEquals(FORM.slice(file!.start, file!.end), "\r\n--bn\r\n--\r");
  }
});

Deno.test("any content that is put into a form comes out of it, however it is cut", () => {
  const content = fc.array(
    fc.constantFrom("\r", "\n", "-", "--", "b", "\r\n--b", "\r\n--", "x", "\0", "\xff"),
    { maxLength: 12 },
  )
    .map((parts) => parts.join("")).filter((text) => !`\r\n${text}`.includes("\r\n--boundary"));
  fc.assert(
    fc.property(
      fc.array(content, { minLength: 1, maxLength: 3 }).chain((files) => {
        const wire = files.map((text) =>
          `--boundary\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n${text}\r\n`
        ).join("") + "--boundary--";
        return chunkings(fromLatin1(wire)).map((chunks) => ({ files, wire, chunks }));
      }),
      ({ files, wire, chunks }) => {
        const found = scan(chunks, "boundary")!.files.map(({ start, end }) => wire.slice(start, end));
        assertEquals(found, files);
      },
    ),
    { numRuns: 400, seed: 3 },
  );
});

Deno.test("what is no form is refused, and limits hold", () => {
  const part = 'Content-Disposition: form-data; name="a"\r\n\r\nx\r\n';
  const bad = [
    "",
    "--b",
    "--b\r\n",
    `--b\r\n${part}`,
    `--b\r\n${part}--b`,
    `--bx\r\n${part}--b--`,
    "--b\r\n\r\nx\r\n--b--",
    `--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--b--`,
    "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
    '--b\r\nContent-Disposition : form-data; name="a"\r\n\r\nx\r\n--b--',
  ];
  for (const wire of bad) {
    assertEquals(scan([fromLatin1(wire)]), null, wire);
    assertEquals(scan(byteByByte(fromLatin1(wire))), null, wire);
  }
  const good = fromLatin1(`--b\r\n${part}--b\r\n${part}--b--`);
  assertEquals(scan([good], "b", { ...FORM_LIMITS, maxParts: 2 })?.fields.length, 2);
  assertEquals(scan([good], "b", { ...FORM_LIMITS, maxParts: 1 }), null);
  assertEquals(scan([good], "b", { ...FORM_LIMITS, maxFieldBytes: 2 })?.fields.length, 2);
  assertEquals(scan([good], "b", { ...FORM_LIMITS, maxFieldBytes: 1 }), null);
  assertEquals(scan([fromLatin1(`--b\r\nX: ${"y".repeat(9000)}`)]), null);
});

Deno.test("a multipart form fills the arguments and the files, and the body can still be read", () => {
  let seen: unknown;
  const client = pageClient((request) => {
    const file = request.getFile("f")!;
    seen = [[...request.args], file.filename, file.size, latin1(file.bytes()), request.content.length];
    assertEquals(concatBytes([...file.pieces(3)]), file.bytes());
    assertEquals(request.getFile("nope"), undefined);
    return "";
  });
  assertEquals(client.ask("POST /?q=1\nContent-Type: multipart/form-data; boundary=bnd", FORM).status, 200);
  assertEquals(seen, [[["q", "1"], ...FIELDS], 'x é".txt', 11, "\r\n--bn\r\n--\r", FORM.length]);
});

Deno.test("a malformed form is 400, and its page is not asked", () => {
  for (const type of ["boundary=b", 'boundary="b"', "charset=x"]) {
    const client = pageClient(() => "seen");
    assertEquals(
      client.ask(`POST /\nContent-Type: multipart/form-data; ${type}`, "--b\r\nnonsense").status,
      400,
    );
  }
});

Deno.test("a parameter inside the quotes of another is none", () => {
  assertEquals(parameter('form-data; filename="; name=evil"; name="real"', "name"), "real");
  assertEquals(parameter('form-data; x="a\\"; name=evil"', "name"), null);
  assertEquals(parameter("form-data ; NAME = a ; b", "name"), "a");
});
