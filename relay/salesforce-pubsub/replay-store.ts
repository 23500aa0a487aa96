/**
 * Where each topic was read up to, on disk. A write that has returned survives a crash of the machine; a crash during
 * one leaves the position before it, so that events come again and never get lost. One process per directory.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

export interface ReplayStore {
  /** Null: nothing of this topic was ever delivered. @throws when there is a position and it cannot be read. */
  read(topic: string): Promise<Buffer | null>;
  write(topic: string, replayId: Buffer): Promise<void>;
}

const stored = z.strictObject({ topic: z.string(), replayId: z.base64().min(1) });

export class FileReplayStore implements ReplayStore {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async read(topic: string): Promise<Buffer | null> {
    let text: string;
    try {
      text = await readFile(this.fileOf(topic), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    const position = stored.parse(JSON.parse(text));
    if (position.topic !== topic) throw new Error(`${this.fileOf(topic)} holds the position of another topic`);
    return Buffer.from(position.replayId, 'base64');
  }

  async write(topic: string, replayId: Buffer): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const file = this.fileOf(topic);
    const handle = await open(`${file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify({ topic, replayId: replayId.toString('base64') }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
    // The name is part of the directory: without this the file could be there and not be found.
    const directory = await open(this.directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  private readonly fileOf = (topic: string): string =>
    path.join(this.directory, `${encodeURIComponent(topic)}.replay.json`);
}
