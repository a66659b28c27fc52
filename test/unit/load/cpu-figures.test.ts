import { expect, test } from "vitest";
import { cpuFigures } from "../../load/cpu-figures.ts";
import { table } from "../../load/live/verdict.ts";

test("processor time is read from the column below its heading, row by row", () => {
  const output = [
    "round 1 of 5",
    "",
    "50 connections, an answer of 90000 bytes",
    ...table([
      ["", "req/s", "CPU ms/req", "RSS MB"],
      ["stock Apollo Gateway", "131", "9.113", "465"],
      ["ours, response cache", "29334", "0.031", "245"],
    ]),
    "",
    ...table([
      ["ours, response cache", "req/s", "CPU ms/req"],
      ["1 connections", "9000", "0.052"],
    ]),
    "",
    "within every budget",
  ].join("\n");
  expect([...cpuFigures(output)]).toEqual([
    ["stock Apollo Gateway", 9.113],
    ["ours, response cache", 0.031],
    ["ours, response cache, 1 connections", 0.052],
  ]);
});

test("rows without a figure are left out", () => {
  const output = table([
    ["server", "CPU µs/frame"],
    ["live", "2.10"],
    ["bare", "-"],
  ]).join("\n");
  expect([...cpuFigures(output)]).toEqual([["live", 2.1]]);
});
