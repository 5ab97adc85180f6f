// A picture as a PNG of at most 256 colours: a third of what browsers write.
import { crc32, deflateSync } from 'node:zlib';

/** `rgba` are the bytes of `width` times `height` pixels; what shines through is taken for white. */
export function indexed(rgba, width, height) {
  const { palette, nearest } = colours(rgba);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, from = 0; y < height; y += 1) {
    // Each row begins with its filter: none.
    for (let x = 0, to = y * (width + 1) + 1; x < width; x += 1, from += 4) {
      rows[to + x] = nearest(rgba[from], rgba[from + 1], rgba[from + 2]);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits a pixel, by palette.
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The palette, by splitting the box of colours that differs most until there are 256. */
function colours(rgba) {
  const counts = new Map();
  for (let at = 0; at < rgba.length; at += 4) {
    const colour = (rgba[at] << 16) | (rgba[at + 1] << 8) | rgba[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const all = [...counts].map(([colour, count]) => [colour >> 16, (colour >> 8) & 255, colour & 255, count]);
  const boxes = [box(all)];
  while (boxes.length < 256) {
    boxes.sort((a, b) => a.spread - b.spread);
    const { members, channel, spread } = boxes.pop();
    if (spread === 0) break;
    members.sort((a, b) => a[channel] - b[channel]);
    const middle = (members[0][channel] + members.at(-1)[channel]) / 2;
    const cut = Math.max(1, members.findIndex((one) => one[channel] > middle));
    boxes.push(box(members.slice(0, cut)), box(members.slice(cut)));
  }
  const palette = boxes.map(({ members }) => {
    // The most frequent one: grounds keep their exact colour.
    const [red, green, blue] = members.reduce((most, one) => (one[3] > most[3] ? one : most));
    return [red, green, blue];
  });
  const known = new Map();
  boxes.forEach(({ members }, index) => members.forEach(([r, g, b]) => known.set((r << 16) | (g << 8) | b, index)));
  return { palette, nearest: (r, g, b) => known.get((r << 16) | (g << 8) | b) };
}

/** Colours, and by which channel they differ most; rare ones count less. */
function box(members) {
  let [channel, widest] = [0, 0];
  for (const at of [0, 1, 2]) {
    const values = members.map((one) => one[at]);
    const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
    if (range > widest) [channel, widest] = [at, range];
  }
  const pixels = members.reduce((sum, one) => sum + one[3], 0);
  return { members, channel, spread: widest * Math.log2(1 + pixels) };
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body) >>> 0);
  return Buffer.concat([length, body, check]);
}
