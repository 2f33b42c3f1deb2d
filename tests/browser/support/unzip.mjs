// Reads a ZIP file by its central directory, as every tool does. Enough for files below 4 GB.
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const UTF8 = 1 << 11;

/** The files of a ZIP by their names. */
export function unzip(zip) {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error('not a ZIP file');
  const files = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let nth = zip.readUInt16LE(end + 10); nth > 0; nth -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error('a ZIP entry is damaged');
    const [flags, method] = [zip.readUInt16LE(at + 8), zip.readUInt16LE(at + 10)];
    const [packed, size] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const head = zip.readUInt32LE(at + 42);
    const path = zip.toString(flags & UTF8 ? 'utf8' : 'latin1', at + 46, at + 46 + name);
    const start = head + 30 + zip.readUInt16LE(head + 26) + zip.readUInt16LE(head + 28);
    const bytes = zip.subarray(start, start + packed);
    const file = method === 0 ? bytes : inflateRawSync(bytes);
    if (file.length !== size) throw new Error(`${path}: ${file.length} bytes instead of ${size}`);
    if (files.has(path)) throw new Error(`${path} is there twice`);
    files.set(path, file);
    at += 46 + name + extra + comment;
  }
  return files;
}
