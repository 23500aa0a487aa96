import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../src/sources/salesforce/xml.ts';

const root = (text: string) => {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe('the XML reader', () => {
  it('keeps text as text, resolves the five entities and character references once', () => {
    const value = root('<a>&lt;b&gt; &amp;amp; 0012 &#65;&#x1F600;&quot;&apos;</a>').text;
    expect(value).toBe('<b> &amp; 0012 A😀"\'');
  });

  it('reads character data as it stands', () => {
    expect(root('<a>x<![CDATA[<b> & &amp;]]>y</a>').text).toBe('x<b> & &amp;y');
  });

  it('drops prefixes, whatever they are', () => {
    const parsed = root('<q:a xmlns:q="u" q:type="x:T"><z:b/></q:a>');
    expect([parsed.name, parsed.attributes.get('type'), parsed.children[0]?.name]).toEqual(['a', 'x:T', 'b']);
  });

  it('accepts a byte order mark, a declaration and comments', () => {
    expect(root('\ufeff<?xml version="1.0"?><!-- <!-- --><a>1</a>').text).toBe('1');
  });

  it.each([
    [
      'a billion laughs',
      `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(100)}">]><a>&b;</a>`,
      'forbidden_markup',
    ],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'forbidden_markup'],
    ['a parameter entity', '<!DOCTYPE a SYSTEM "http://evil.example/x.dtd"><a/>', 'forbidden_markup'],
    ['a lower-case document type', '<!doctype a><a/>', 'forbidden_markup'],
    ['an entity declaration inside', '<a><!ENTITY b "c"></a>', 'forbidden_markup'],
    ['an undeclared entity', '<a>&b;</a>', 'unknown_entity'],
    ['a bare ampersand', '<a>x & y</a>', 'unknown_entity'],
    ['an entity in an attribute', '<a t="&b;"/>', 'unknown_entity'],
    ['a reference to a character XML forbids', '<a>&#0;</a>', 'unknown_entity'],
    ['thirteen levels', `${'<a>'.repeat(13)}${'</a>'.repeat(13)}`, 'too_deep'],
    ['a depth bomb', `${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}`, 'too_deep'],
    ["a depth bomb in a comment's shadow", `<a>${'<b><c/>'.repeat(30_000)}`, 'too_deep'],
    [
      'an attribute bomb',
      `<a ${Array.from({ length: 10_000 }, (_, n) => `x${n}="1"`).join(' ')}/>`,
      'too_many_elements',
    ],
    ['an element bomb', `<a>${'<b/>'.repeat(90_000)}</a>`, 'too_many_elements'],
    ['an element left open', '<a><b></a>', 'malformed'],
    ['two roots', '<a/><b/>', 'malformed'],
    ['nothing', '', 'malformed'],
    ['text', 'hello', 'malformed'],
    ['the same attribute twice', '<a b="1" b="2"/>', 'malformed'],
  ])('refuses %s', (_, text, error) => {
    const started = performance.now();
    const parsed = parseXml(text);
    expect(parsed.ok ? 'accepted' : 'refused').toBe('refused');
    if (!parsed.ok && parsed.error !== 'malformed') expect(parsed.error).toBe(error);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('reads names of prototypes as names, or refuses them', () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      const parsed = parseXml(`<a><${name}>1</${name}></a>`);
      if (parsed.ok) expect(parsed.value.children).toHaveLength(1);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('never throws, and takes no longer than the text is long', () => {
    const pieces = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="',
      '"',
      '/>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '&',
      ';',
      '<?',
      '?>',
      'x',
      '<',
      '>',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        expect(typeof parseXml(text).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('reads a huge text in one element', () => {
    expect(root(`<a>${'x'.repeat(1_400_000)}</a>`).text).toHaveLength(1_400_000);
  });
});
