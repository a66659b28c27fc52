import { expect, test } from "vitest";
import { createCircuitBreaker } from "../../../../gateway/transport/circuit-breaker.ts";

const POLICY = { breakerShare: 0.5, breakerCalls: 4, breakerOpenMs: 1_000, breakerProbes: 2 };

function scripted() {
  let time = 0;
  const breaker = createCircuitBreaker(POLICY, () => time);
  const call = (outcome: "succeeded" | "failed") => breaker[outcome](breaker.begin());
  return {
    breaker,
    call,
    fail: (times: number) => Array.from({ length: times }, () => call("failed")),
    wait: (ms: number) => {
      time += ms;
    },
  };
}

test("a breaker follows an outage: closed, open, half open with as many calls as the policy says, closed [S64] [S65]", () => {
  const { breaker, call, fail, wait } = scripted();
  for (let index = 0; index < 4; index += 1) call("succeeded");
  fail(2);
  expect([breaker.state, breaker.readiness()]).toEqual(["CLOSED", "usable"]);
  fail(1);
  expect([breaker.state, breaker.readiness(), breaker.opened]).toEqual(["OPEN", "blocked", 1]);
  wait(999);
  expect(breaker.readiness()).toBe("blocked");
  wait(1);
  expect([breaker.state, breaker.readiness()]).toEqual(["OPEN", "trial"]);

  const first = breaker.begin();
  expect([breaker.state, breaker.readiness()]).toEqual(["HALF_OPEN", "trial"]);
  const second = breaker.begin();
  expect(breaker.readiness()).toBe("blocked");
  breaker.succeeded(first);
  expect(breaker.state).toBe("HALF_OPEN");
  breaker.succeeded(second);
  expect([breaker.state, breaker.readiness()]).toEqual(["CLOSED", "usable"]);
  // What was before the outage's end is forgotten.
  fail(2);
  expect(breaker.state).toBe("CLOSED");
});

test("a failed trial opens the breaker again for the whole time [S65]", () => {
  const { breaker, call, fail, wait } = scripted();
  fail(4);
  wait(1_000);
  call("succeeded");
  call("failed");
  expect([breaker.state, breaker.opened]).toEqual(["OPEN", 2]);
  wait(999);
  expect(breaker.readiness()).toBe("blocked");
  wait(1);
  expect(breaker.readiness()).toBe("trial");
});

test("calls from before a change of state tell nothing about after", () => {
  const { breaker, fail, wait } = scripted();
  const early = [breaker.begin(), breaker.begin()];
  fail(4);
  for (const begun of early) breaker.succeeded(begun);
  expect(breaker.state).toBe("OPEN");
  wait(1_000);
  const trial = breaker.begin();
  breaker.failed(early[0] ?? -1);
  expect(breaker.state).toBe("HALF_OPEN");
  breaker.failed(trial);
  expect(breaker.state).toBe("OPEN");
});

test("a trial that nobody waited for makes room for another", () => {
  const { breaker, fail, wait } = scripted();
  fail(4);
  wait(1_000);
  const [first] = [breaker.begin(), breaker.begin()];
  expect(breaker.readiness()).toBe("blocked");
  breaker.abandoned(first ?? -1);
  expect([breaker.state, breaker.readiness()]).toEqual(["HALF_OPEN", "trial"]);
});
