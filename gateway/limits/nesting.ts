/** How deep what a client sent may be nested. JSON is read at any depth, but much that looks at it afterwards works by recursion. */
import { AppError } from "../../platform/errors/app-error.ts";

/** No input of any schema comes near. */
const MAX_DEPTH = 200;

/**
 * Takes time linear in the value, and no stack.
 * @throws AppError `BAD_REQUEST`
 */
export function refuseDeepNesting(value: unknown): void {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      throw new AppError("BAD_REQUEST", `The request is nested deeper than ${MAX_DEPTH} levels.`);
    }
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const child of Object.values(item)) if (typeof child === "object") below.push(child);
    }
    level = below;
  }
}

/**
 * The same for the parts of an address, which are texts of JSON; what is none is somebody else's to refuse.
 * @throws AppError `BAD_REQUEST`
 */
export function refuseDeepTexts(parts: unknown): void {
  if (typeof parts !== "object" || parts === null) return;
  for (const text of Object.values(parts)) {
    if (typeof text === "string" && text.length > MAX_DEPTH) refuseDeepNesting(readJson(text));
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
