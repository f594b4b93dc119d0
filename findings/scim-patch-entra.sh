#!/bin/sh
# Libraries that apply SCIM patches, and what Entra ID sends without its flag aadOptscim062020: active
# as a text, members removed by a value beside the path. RFC 7644 has neither, and both mean that
# somebody shall lose something.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
cd "$tmp"
say "with scim-patch 0.8.3 and scimmy 1.3.5"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit scim-patch@0.8.3 scimmy@1.3.5 >"$tmp/build" 2>&1 || { cat "$tmp/build"; exit 1; }
cat >try.mjs <<'JS'
import SCIMMY from "scimmy";
import { scimPatch } from "scim-patch";
const schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
const off = [{ op: "Replace", path: "active", value: "False" }];
const out = [{ op: "Remove", path: "members", value: [{ $ref: null, value: "u1" }] }];
const user = () => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], id: "u1", userName: "a@example.com", active: true });
const group = () => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], id: "g", displayName: "g",
  members: [{ value: "u1", display: "Ada", type: "User" }, { value: "u2", display: "Bob", type: "User" }] });
const left = (g) => g.members?.map((m) => m.value).join(" ") || "nobody";
const scimmy = async (kind, of, Operations) => {
  try { return (await new SCIMMY.Messages.PatchOp({ schemas, Operations }).apply(new SCIMMY.Schemas[kind](of, "out"), (v) => v)) ?? of; } catch (e) { return { error: e.scimType }; }
};
const patched = scimPatch(user(), structuredClone(off));
console.log(JSON.stringify(patched.active), "and if(active) is", Boolean(patched.active));
console.log(left(scimPatch(group(), structuredClone(out))));
console.log((await scimmy("User", user(), off)).error);
console.log(left(await scimmy("Group", group(), out)));
JS
node try.mjs >out 2>&1 || { cat out; exit 1; }
expect "scim-patch, active becomes" "$(sed -n 1p out)" '"False" and if(active) is true'
expect "scim-patch, u1 is removed; in the group are" "$(sed -n 2p out)" "u1 u2"
expect "scimmy, active" "$(sed -n 3p out)" invalidValue
expect "scimmy, u1 is removed; in the group are" "$(sed -n 4p out)" "u2"
