/**
 * Holds back replies that send a shopper to a place nobody vouched for.
 *
 * A model may make up an address that looks right, and somebody else may own it. So every link and
 * e-mail address of a reply must stand in the reply's evidence (what a tool, a passage or a fact
 * said), or in the shopper's own question.
 */
import { guard } from "@hyperpersonal/sdk";
import { hostOf, places } from "./places.js";

export const handle = guard((ask) => {
  const vouched = [ask.question, ...(ask.reply.evidence ?? []).map((item) => item.text ?? "")];
  const hosts = new Set(vouched.flatMap(places).map(hostOf));
  const unknown = places(ask.reply.text).find((place) => !hosts.has(hostOf(place)));
  return unknown ? `the reply names ${unknown}, which is in none of its evidence` : null;
});
