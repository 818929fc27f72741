// Who looks: the member's key of this tab. The demo hands out its own; elsewhere it is asked for.

import { request } from "./client.js";

const KEPT = "hp:member";

/** The key that is kept for this tab, the demo's, or the one that is typed in. */
export async function memberKey() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) return kept;
  const setup = await request("/demo/setup.json").catch(() => null);
  const found = setup?.member_key ?? prompt("Your member key");
  sessionStorage.setItem(KEPT, found ?? "");
  return found;
}

/** After a key was refused: the next page asks again. */
export function forgetKey() {
  sessionStorage.removeItem(KEPT);
}
