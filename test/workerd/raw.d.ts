declare module '*?raw' {
  const text: string;
  export default text;
}

interface ImportMeta {
  /** Vite's: files as text, by path. */
  glob(
    pattern: string,
    options: { readonly query: '?raw'; readonly import: 'default'; readonly eager: true },
  ): Record<string, string>;
}
