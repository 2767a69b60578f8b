import { assertEquals } from "@std/assert";

// In a process of their own, since a signal is for the whole of it.
Deno.test("signals stop the reactors on Deno, or are left alone", async () => {
  const { pathname } = new URL("_contract/signal_main.ts", import.meta.url);
  const child = new Deno.Command("deno", { args: ["run", "-A", "--no-check", pathname], stderr: "inherit" });
  const { code, stdout } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assertEquals([code, text], [0, "8 of 8 passed\n"]);
});

Deno.test("a program ends when its reactor has stopped, whatever it has left open and arranged", async () => {
  const { pathname } = new URL("_contract/stopping_main.ts", import.meta.url);
  const child = new Deno.Command("deno", {
    args: ["run", "-A", "--no-check", pathname],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text === "running\n") child.kill("SIGINT");
  }
  const { code } = await child.status;
  assertEquals([code, text], [0, "running\nover\n"]);
});
