/**
 * XML as SOAP senders write it, and nothing more: no document types, no entities but the five of XML, no processing
 * instructions that mean anything. What a hostile document could use to grow, to nest or to reach out is refused before
 * it is parsed. Values stay text; nobody guesses that `0012` is twelve.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { err, ok, type Result } from '../../canonical/result.ts';

/** An element by its local name: prefixes are the sender's whim. */
export interface XmlElement {
  readonly name: string;
  /** Attributes by local name; namespace declarations left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Character data directly inside, entities resolved. */
  readonly text: string;
}

export type XmlFailure = 'forbidden_markup' | 'malformed' | 'too_deep' | 'too_many_elements' | 'unknown_entity';

const maxDepth = 12;
const maxMarkup = 80_000;
const maxAttributes = 32;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: maxDepth + 2,
});

/** Bounded: 12 levels, 80,000 pieces of markup, 32 attributes an element. Never throws. */
export function parseXml(text: string): Result<XmlElement, XmlFailure> {
  const refused = refusal(text);
  if (refused !== null) return err(refused);
  try {
    if (XMLValidator.validate(text) !== true) return err('malformed');
    const nodes: unknown = parser.parse(text);
    const roots = Array.isArray(nodes) ? nodes.filter((node) => elementName(node) !== null) : [];
    return roots.length === 1 ? elementOf(roots[0], 1) : err('malformed');
  } catch {
    // The parser throws plain Errors for what it cannot read: the document is at fault, and its text must not be quoted.
    return err('malformed');
  }
}

/** What is decided on the text alone, before any parser sees it. */
function refusal(text: string): XmlFailure | null {
  // `<!` may open a comment or character data; everything else (DOCTYPE, ENTITY, ATTLIST …) is a document type's.
  if (/<!(?!--|\[CDATA\[)/.test(text)) return 'forbidden_markup';
  let markup = 0;
  let depth = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at + 1)) {
    markup += 1;
    if (markup > maxMarkup) return 'too_many_elements';
    const next = text[at + 1];
    if (next === '/') depth -= 1;
    else if (next !== '!' && next !== '?') {
      const end = text.indexOf('>', at);
      if (end !== -1 && text[end - 1] !== '/') depth += 1;
      // A comment or character data may hold unclosed tags, so this only stops what is deep beyond doubt.
      if (depth > 1000) return 'too_deep';
    }
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The one key of an ordered node that is neither attributes nor character data. */
function elementName(node: unknown): string | null {
  if (!isObject(node)) return null;
  const name = Object.keys(node).find((key) => key !== ':@');
  return name === undefined || name.startsWith('#') || name.startsWith('?') ? null : name;
}

function elementOf(node: unknown, depth: number): Result<XmlElement, XmlFailure> {
  const name = elementName(node);
  if (!isObject(node) || name === null) return err('malformed');
  if (depth > maxDepth) return err('too_deep');
  const attributes = attributesOf(node[':@']);
  if (!attributes.ok) return attributes;
  const contents = node[name];
  if (!Array.isArray(contents)) return err('malformed');
  const children: XmlElement[] = [];
  let text = '';
  for (const content of contents) {
    if (!isObject(content)) return err('malformed');
    if (elementName(content) !== null) {
      const child = elementOf(content, depth + 1);
      if (!child.ok) return child;
      children.push(child.value);
      continue;
    }
    const piece = characterData(content);
    if (piece === null) return err('unknown_entity');
    text += piece;
  }
  return ok({ name, attributes: attributes.value, children, text });
}

function attributesOf(raw: unknown): Result<ReadonlyMap<string, string>, XmlFailure> {
  const attributes = new Map<string, string>();
  if (!isObject(raw)) return ok(attributes);
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'xmlns') continue;
    if (attributes.size >= maxAttributes) return err('too_many_elements');
    const decoded = typeof value === 'string' ? decodeEntities(value) : null;
    if (decoded === null) return err('unknown_entity');
    attributes.set(name, decoded);
  }
  return ok(attributes);
}

/** Text with its entities resolved, character data as it is; null for an entity XML does not know. */
function characterData(node: Record<string, unknown>): string | null {
  const text = node['#text'];
  if (typeof text === 'string') return decodeEntities(text);
  const section = node['#cdata'];
  if (!Array.isArray(section)) return '';
  return section
    .map((part: unknown) => (isObject(part) && typeof part['#text'] === 'string' ? part['#text'] : ''))
    .join('');
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five entities XML predefines and character references, in one pass; null when `&` opens anything else. */
function decodeEntities(text: string): string | null {
  if (!text.includes('&')) return text;
  let known = true;
  const decoded = text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g,
    (_, name, dec, hex) => {
      if (typeof name === 'string') return named[name] ?? '';
      const point =
        typeof dec === 'string' ? Number(dec) : typeof hex === 'string' ? Number.parseInt(hex, 16) : Number.NaN;
      const character = Number.isNaN(point) ? null : characterAt(point);
      if (character === null) known = false;
      return character ?? '';
    },
  );
  return known ? decoded : null;
}

/** XML 1.0 `Char`: no control characters but tab and line ends, no lone surrogates. */
function characterAt(point: number): string | null {
  const allowed =
    point === 9 ||
    point === 10 ||
    point === 13 ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0x10ffff);
  return allowed ? String.fromCodePoint(point) : null;
}
