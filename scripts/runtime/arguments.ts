import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A command's arguments. One that it does not know ends it, with how it is called and exit code 2. */
export function argumentsOf<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's words go on about positional arguments after the first sentence.
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    console.error(`${said}\n${usage}`);
    process.exit(2);
  }
}
