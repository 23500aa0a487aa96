/**
 * Whether a compact JWS (RFC 7515) has one spelling: base64url of a length that is no multiple of three bytes leaves bits
 * to spare in its last letter, and decoders pass over them. Header and payload are signed as they are spelled; a
 * signature with such bits set would be the same proof in other letters.
 */
export function hasOneSpelling(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  switch (signature.length % 4) {
    case 2:
      return /[AQgw]$/.test(signature);
    case 3:
      return /[AEIMQUYcgkosw048]$/.test(signature);
    default:
      return signature.length % 4 === 0;
  }
}
