/** Salesforce identifiers: 15 characters that are case-sensitive, or 18 with a checksum that makes them comparable. */

const idPattern = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;
const checksumAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

export const isSalesforceId = (text: string): boolean => idPattern.test(text);

/** The first 15 characters say which record it is; the rest repeats their letter case. */
export const sameId = (a: string, b: string): boolean =>
  isSalesforceId(a) && isSalesforceId(b) && a.slice(0, 15) === b.slice(0, 15);

/**
 * The 18-character form: each of the last three characters encodes which of five characters are capitals (Salesforce
 * Help, "record ids"). One record has one form, so that it has one lane. Text that is no id is left as it is.
 */
export function longId(id: string): string {
  if (!isSalesforceId(id)) return id;
  const short = id.slice(0, 15);
  let checksum = '';
  for (let chunk = 0; chunk < 15; chunk += 5) {
    let bits = 0;
    for (let place = 0; place < 5; place += 1) {
      if (/[A-Z]/.test(short[chunk + place] ?? '')) bits |= 1 << place;
    }
    checksum += checksumAlphabet[bits] ?? '';
  }
  return short + checksum;
}
