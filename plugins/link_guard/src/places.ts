/** Links and e-mail addresses in a text, found word by word: the time grows with the text. */

// With a scheme or www., an e-mail address, or a bare name under a common top-level domain: longer
// lists would take abbreviations and file names for addresses.
const PLACE =
  /^(?:https?:\/\/.+|www\..+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[a-z0-9-]+\.)+(?:com|net|org|io|shop|store|info|biz|co|eu|de|uk|fr|ru|cn|xyz|top|link)(?:[/:?#].*)?)$/iu;
const BETWEEN = /[\s<>"'`()[\]{},;|]+/u;
const TRAILING = /[.:!?]+$/u;
const WORD_CHARS_MAX = 300; // a longer one is nothing a shopper reads: it counts as a place nobody named
const SHOWN_CHARS_MAX = 100;

export function places(text: string): string[] {
  // Compatibility forms are written out: a full-width letter must not hide an address.
  const words = text.normalize("NFKC").split(BETWEEN);
  return words.flatMap(placeOf).map((place) => place.slice(0, SHOWN_CHARS_MAX));
}

/** The host of a place, without `www.`: what must be known. A link's user part is no host. */
export function hostOf(place: string): string {
  const authority = place.replace(/^https?:\/\//iu, "").split(/[/?#\\]/u)[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1).split(":")[0] ?? "";
  return host.toLowerCase().replace(/^www\./u, "").replace(/\.$/u, "");
}

function placeOf(written: string): string[] {
  if (written.length > WORD_CHARS_MAX) return [written];
  const scheme = written.search(/https?:\/\//iu);
  const word = scheme > 0 ? written.slice(scheme) : written.replace(/^[a-z]+:(?!\/\/)/iu, "");
  const place = word.replace(TRAILING, "");
  return PLACE.test(place) ? [place] : [];
}
