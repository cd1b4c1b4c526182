/** Writes the header of a safetensors file, without tensor data: sizing reads none. */

/** A file with tensors of these sizes. */
export function safetensors(...bytes: readonly number[]): Uint8Array {
  let at = 0;
  const tensors = bytes.map((size, i) => {
    const data_offsets = [at, at + size];
    at += size;
    return [`t${i}`, { dtype: "BF16", shape: [size / 2], data_offsets }];
  });
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: "pt" }, ...Object.fromEntries(tensors) }),
  );
  return Buffer.concat([headerLengthOf(header.byteLength), header]);
}

/** The eight bytes before a header, true or not. */
export function headerLengthOf(length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}
