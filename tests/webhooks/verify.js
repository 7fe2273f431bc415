// Verifies the golden vectors with the official JavaScript library of Standard Webhooks, and the v1a
// signatures, which it does not know, with node's own Ed25519. `make webhooks` runs it.

const assert = require("node:assert");
const crypto = require("node:crypto");
const { Webhook } = require("standardwebhooks");

let count = 0;
for (const vector of require("./vectors.json")) {
  const headers = {
    "webhook-id": vector.id,
    "webhook-timestamp": String(vector.timestamp),
    "webhook-signature": vector.signature,
  };
  // The library looks at the clock.
  Date.now = () => vector.timestamp * 1000;
  for (const secret of vector.secrets) {
    if (secret.startsWith("whsec_")) {
      const webhook = new Webhook(secret);
      webhook.verify(vector.body, headers);
      assert.throws(() => webhook.verify(vector.body + " ", headers), /No matching signature/);
    } else {
      const prefix = Buffer.from("302a300506032b6570032100", "hex");
      const raw = Buffer.from(vector.public.slice("whpk_".length), "base64");
      const key = crypto.createPublicKey({
        key: Buffer.concat([prefix, raw]),
        format: "der",
        type: "spki",
      });
      const signed = Buffer.from(`${vector.id}.${vector.timestamp}.${vector.body}`);
      const signature = vector.signature.split(" ").find((it) => it.startsWith("v1a,"));
      const bytes = Buffer.from(signature.slice("v1a,".length), "base64");
      assert(crypto.verify(null, signed, key, bytes), vector.name);
    }
    count += 1;
  }
}
console.log(`JavaScript: ${count} signatures verified`);
